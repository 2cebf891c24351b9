"""Every contestant computes the same in every workload, with small sizes here."""

import importlib
import os
import pkgutil
from functools import partial

import cuda_lane
import numpy as np
import pytest
from gpugrad_bench import agreement, workloads
from gpugrad_bench.case import Setting
from gpugrad_bench.libraries import CONTESTANTS

import gpugrad as gg

# What each workload's cases are cut down to; a function makes a parameter of the one that is there.
SMALL = {
    "activation_kernels": {"size": 60},
    "conv_net": {"batch": 24},
    "deep_chain": {"length": 20},
    "elementwise": {"size": 60},
    "hessian_vector": {"size": 9},
    "jacobian": {"size": 5},
    "matmul": {"shape": lambda shape: tuple(map(min, shape, (2, 3, 4, 5)))},
    "mlp": {"sizes": (7, 6, 5, 3), "batch": 4},
    "per_example": {"sizes": (4, 5, 3), "batch": 3},
    "row_kernels": {"shape": (4, 7)},
    "tiny_mlp": {"batch": 4},
    "tiny_ops": {},
    "transformer": {"shape": (2, 3, 8), "heads": 2},
    "wave_optics": {"side": 8},
}
NAMES = sorted(m.name for m in pkgutil.iter_modules(workloads.__path__))
HALF = ("float16", "bfloat16")


def test_there_is_a_small_size_for_every_workload():
    assert sorted(SMALL) == NAMES


def small_cases(workload, device):
    """The cases that differ once they are small."""
    found = {}
    for case in workload.cases(device):
        cut = SMALL[workload.__name__.rpartition(".")[2]]
        parameters = dict(case.parameters)
        for name, value in cut.items():
            parameters[name] = value(parameters[name]) if callable(value) else value
        found.setdefault((str(parameters), case.dtype), case._replace(parameters=parameters))
    return list(found.values())


@pytest.fixture
def library(monkeypatch):
    """A function that makes a contestant's library; what it sets for its process is set back."""
    for name in ("XLA_FLAGS", "JAX_PLATFORMS", "XLA_PYTHON_CLIENT_PREALLOCATE"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    restore = [partial(gg.set_default_device, None)]

    def make(contestant, device):
        chosen = CONTESTANTS[contestant]
        package = pytest.importorskip(chosen.package) if chosen.package else None
        if contestant == "jax":
            for name in ("jax_enable_x64", "jax_default_matmul_precision"):
                restore.append(partial(package.config.update, name, getattr(package.config, name)))
        return chosen.library(device)

    yield make
    for call in restore:
        call()


def results(workload, contestant, case, device, library):
    """What the second step gives, summed up."""
    step = getattr(workload, CONTESTANTS[contestant].function)(Setting(case, device, library))
    step()
    return [agreement.summary(part, library.to_numpy) for part in step()]


def agrees(name, contestant, device, library):
    workload = importlib.import_module(f"gpugrad_bench.workloads.{name}")
    if not hasattr(workload, CONTESTANTS[contestant].function):
        pytest.skip(f"{contestant} takes no part in {name}")
    host, theirs = library("by hand", "cpu"), library(contestant, device)
    for case in small_cases(workload, device):
        # The half types are compared with float32, as loosely as bfloat16 needs: with few images it shows
        # where rounding decides which of four numbers is the maximum.
        exact = case._replace(dtype="float32") if case.dtype in HALF else case
        loose = "bfloat16" if case.dtype in HALF else case.dtype
        try:
            reference = results(workload, "by hand", exact, "cpu", host)
        except ModuleNotFoundError as error:
            pytest.skip(f"the formulas of {case.name} need {error.name}, of the extra bench")
        try:
            found = results(workload, contestant, case, device, theirs)
        except LookupError as error:
            assert contestant == "by hand" and "CuPy multiplies no stacks of bfloat16" in str(error)
            continue
        assert not agreement.difference(reference, found, loose), (case.name, case.parameters)


@pytest.mark.parametrize("name", NAMES)
def test_gpugrad_agrees_with_the_formulas(name, device, library):
    agrees(name, "gpugrad", device, library)


# torch.func.jvp compiles some of its own rules by what PyTorch has deprecated since.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("contestant", ["torch", "jax", "autograd"])
@pytest.mark.parametrize("name", NAMES)
def test_its_peers_agree_with_the_formulas(name, contestant, library):
    agrees(name, contestant, "cpu", library)


def test_jax_multiplies_in_float32_too(library):
    """On a GPU it would take TF32, and the others do not."""
    theirs = library("jax", "cpu")
    x = theirs.array(np.ones((2, 2)), "float32")
    assert "HIGHEST" in theirs.compile(lambda x: x @ x).lower(x).as_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_formulas_agree_with_themselves_on_the_gpu(name, device, library):
    if device == "cpu":
        pytest.skip("they are the reference there")
    agrees(name, "by hand", device, library)


def test_the_gradient_of_an_activation_is_one_kernel(library):
    """The bytes of its case are those of one that reads its operands and writes its result."""
    if cuda_lane.MACHINE != cuda_lane.HOSTCUDA:
        pytest.skip("only hostcuda counts launches: set GPUGRAD_HOSTCUDA=1 on a machine without a GPU")
    import hostcuda

    workload = importlib.import_module("gpugrad_bench.workloads.activation_kernels")
    ours = library("gpugrad", "cuda")
    for case in small_cases(workload, "cuda"):
        step = workload.gpugrad(Setting(case, "cuda", ours))
        step()
        before = hostcuda.stats()["launches"]
        step()
        assert hostcuda.stats()["launches"] == before + 1, case.name
