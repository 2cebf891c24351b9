"""What ``import gpugrad as gg`` offers: documented, under its own name, and the same everywhere."""

import inspect

import gpugrad as gg
import gpugrad.numpy as gnp
from gpugrad import ops
from gpugrad.core import Primitive

NAMES = sorted(name for name in vars(gg) if not name.startswith("_"))


def test_public_names_are_documented():
    for room in (gg, gg.config, gg.cuda, gg.testing, gnp, gg.nn, gg.optim):
        for name, thing in vars(room).items():
            ours = inspect.ismodule(thing) or getattr(thing, "__module__", "").startswith("gpugrad")
            if not name.startswith("_") and ours:
                assert inspect.getdoc(thing), f"{room.__name__}.{name}"


def test_methods_are_documented():
    for name, member in vars(gg.Tensor).items():
        if not name.startswith("_") and name not in ("data", "node"):  # slots; the class describes them
            assert inspect.getdoc(member), name


def test_the_names_of_the_issue_are_there():
    wanted = """Tensor tensor no_grad enable_grad detect_anomaly guard_arrays grad value_and_grad vjp jvp
        stop_gradient primitive elementwise linear multilinear by_hand nondifferentiable cuda testing
        set_default_device default_device using_device Device CudaUnavailable from_dlpack is_grad_enabled"""
    assert not set(wanted.split()) - set(NAMES)
    assert gg.__version__
    assert gg.numpy is gnp
    assert {"memory_allocated", "max_memory_allocated", "empty_cache", "synchronize"} < set(vars(gg.cuda))
    assert callable(gg.testing.check_grads)


def test_every_operation_is_public():
    aliases = {
        "amax",
        "amin",
        "around",
        "conjugate",
        "degrees",
        "mod",
        "permute_dims",
        "radians",
        "true_divide",
    }  # NumPy's second names
    operations = {name for name, f in vars(ops).items() if callable(f) and not name.startswith("_")}
    assert operations - set(NAMES) <= aliases


def test_numpys_names_are_the_same_functions():
    for name, f in vars(gnp).items():
        if not name.startswith("_") and callable(f) and hasattr(gg, name) and hasattr(ops, name):
            assert f is getattr(gg, name), name


def test_a_primitive_is_known_under_one_name():
    for name, f in vars(ops).items():
        if isinstance(getattr(f, "primitive", None), Primitive):
            assert f.__name__ == f.primitive.name
            assert getattr(ops, f.__name__) is f, name
