"""What ``fused`` makes of a primitive's body: layouts, dtypes, scalars, parameters, errors."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from gpugrad.backend import kernels
from gpugrad.backend.kernels import fused, implementation


@fused("activations.cuh")
def tanh_grad(xp, g, y):
    return g * ((1 - y) * (1 + y))


@fused("activations.cuh")
def sigmoid(xp, x):
    return 1 / (1 + xp.exp(-x))


@fused("activations.cuh")
def hardtanh_grad(xp, g, x, *, min_val, max_val=1.0):
    return xp.where((x >= min_val) & (x <= max_val), g, 0)


LAYOUTS = {
    "no dimensions": lambda a: a[0, 0, 0],
    "empty": lambda a: a[:0],
    "one": lambda a: a[:1, :1, :1],
    "odd": lambda a: a.reshape(-1)[:7],
    "sliced": lambda a: a[:, 1::2, ::-1],
    "transposed": lambda a: a.transpose(2, 0, 1),
    "misaligned": lambda a: a.reshape(-1)[1:],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(xp, check, dtype, layout):
    rng = np.random.default_rng(1)
    g, y = (rng.uniform(-1, 1, (4, 5, 6)).astype(dtype) for _ in "gy")
    view = LAYOUTS[layout]
    got = implementation(tanh_grad)(view(xp.asarray(g)), view(xp.asarray(y)))
    g, y = (np.asarray(view(a)).astype(np.float64) for a in (g, y))
    check(got, g * (1 - y) * (1 + y), dtype)


def test_operands_broadcast(xp):
    g, y = xp.ones((3, 1), "f"), xp.zeros((1, 4), "f")
    assert implementation(tanh_grad)(g, y).shape == (3, 4)


def test_parameters_follow_the_signature_and_have_its_defaults(xp):
    g, x = xp.ones(4, "f"), xp.asarray([-3, -2, 1, 1.5], "f")
    run = implementation(hardtanh_grad)
    assert run(g, x, max_val=2.0, min_val=-2).tolist() == [0, 1, 1, 1]
    assert run(g, x, min_val=-2.0).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("g", "y", "result"),
    [
        ("f2", "f4", "f4"),
        ("f4", "f8", "f8"),
        ("i8", "f4", "f8"),
        ("i8", "i8", "f8"),
        ("i1", "i1", "f2"),
        ("?", "f4", "f4"),
    ],
)
def test_mixed_dtypes_promote_as_in_numpy(xp, g, y, result):
    got = implementation(tanh_grad)(xp.ones(2, g), xp.zeros(2, y))
    assert got.dtype == result
    assert got.tolist() == [1, 1]


@pytest.mark.parametrize("scalar", [2, 2.0, True])
def test_python_scalars_do_not_widen(xp, dtype, scalar):
    y = xp.zeros(3, dtype)
    got = implementation(tanh_grad)(scalar, y)
    assert got.dtype == dtype
    assert got.tolist() == [float(scalar)] * 3


def test_numpy_scalars_do(xp):
    assert implementation(tanh_grad)(np.float64(2), xp.zeros(3, "f")).dtype == np.float64


def test_complex_is_refused(xp):
    with pytest.raises(TypeError, match=r"sigmoid expects real arrays on CUDA .* got complex64"):
        implementation(sigmoid)(xp.ones(2, "F"))


def test_launch_replaces_the_template(xp):
    def launch(x):
        return "launched"

    @fused("softmax.cuh", launch)
    def body(xp, x):
        return x

    assert implementation(body)(xp.ones(1)) == "launched"


def test_threads_share_one_kernel(xp, monkeypatch):
    made, elementwise = [], kernels.elementwise
    monkeypatch.setattr(kernels, "elementwise", lambda *how: made.append(how) or elementwise(*how))

    @fused("activations.cuh")
    def relu(xp, x):
        return xp.maximum(x, 0)

    together = Barrier(8)

    def first_use(_):
        together.wait()
        return implementation(relu)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(first_use, range(8)))) == 1
    assert len(made) == 1


def test_a_file_comes_after_what_it_needs():
    text = kernels.source("cross_entropy.cuh")
    assert text.index("struct Compute") < text.index("reduce_team") < text.index("shifted_sum")
    assert text.count("struct Compute {") == 1


def test_a_missing_source_names_the_places_and_the_cure():
    with pytest.raises(FileNotFoundError, match=r"missing\.cuh in one of .*_cuda and .*kernels.*reinstall"):
        kernels.source("missing.cuh")
