"""Beside NumPy and CuPy arrays a Tensor records, or it is an error. Nothing loses a gradient."""

import math
import operator

import numpy as np
import pytest

import gpugrad as gg


@pytest.fixture
def c(xp):
    return xp.asarray([1.0, 2.0, 3.0])


@pytest.fixture
def t(device):
    return gg.tensor([0.5, 2.0, 4.0], device=device, requires_grad=True)


@pytest.fixture
def cupy(device):
    if device == "cpu":
        pytest.skip("about CuPy's functions")
    import cupy

    return cupy


OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "%": operator.mod,
    "@": operator.matmul,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_record_whichever_side_the_array_is_on(t, c, name):
    f, host = OPERATORS[name], np.array([1.0, 2.0, 3.0])
    for y, plain in ((f(c, t), f(host, t.numpy())), (f(t, c), f(t.numpy(), host))):
        assert type(y) is gg.Tensor
        assert y.requires_grad
        assert y.device == t.device
        np.testing.assert_allclose(y.numpy(), plain, rtol=1e-14)
    y = f(c, t)
    y.sum().backward()
    assert t.grad is not None


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "eq", "ne"])
def test_comparisons_are_tensors_of_booleans(t, c, name):
    f, host = getattr(operator, name), np.array([1.0, 2.0, 3.0])
    for y, plain in ((f(c, t), f(host, t.numpy())), (f(t, c), f(t.numpy(), host))):
        assert type(y) is gg.Tensor
        assert y.tolist() == plain.tolist()


def test_scalars_and_arrays_of_no_dimensions(t, c):
    for y in (c.sum() * t, np.float32(2) * t, np.float64(2) * t, t * np.int64(2), 2 * t, c[0] * t, True * t):
        assert type(y) is gg.Tensor
        assert y.requires_grad
        assert y.dtype == np.float64


def test_the_gradient_through_an_array_on_the_left(t, c):
    (c * t + c @ t - c / t).sum().backward()
    v, w = t.numpy(), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(t.grad.numpy(), w + 3 * w + w / v**2)


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv", "ipow", "imod"])
def test_an_array_is_never_written_to(t, c, name):
    with pytest.raises(TypeError):
        getattr(operator, name)(c, t)
    assert c.tolist() == [1, 2, 3]


@pytest.mark.parametrize("shape", [(3,), ()])
def test_setting_elements_of_an_array(c, device, shape):
    t = gg.tensor(np.full(shape, 7.0), device=device, requires_grad=True)
    for key in (..., slice(None), 0) if not shape else (..., slice(None)):
        with pytest.raises((TypeError, ValueError)):
            c[key] = t
    assert c.tolist() == [1, 2, 3]


# ---- conversions ----


def test_no_conversion_to_numpy(t):
    for convert in (
        np.asarray,
        np.array,
        lambda t: np.array([t, t]),
        lambda t: np.asarray(t, dtype="float32"),
        lambda t: np.array([t[0], t[1]]),
        lambda t: np.fromiter([t[0]], float),
        lambda t: memoryview(t),
    ):
        with pytest.raises((TypeError, ValueError)):
            convert(t)


def test_no_conversion_of_a_tensor_without_gradient_either():
    """It may well be traced by the next person's transform."""
    with pytest.raises(TypeError, match=r"use t\.numpy\(\)"):
        np.asarray(gg.tensor([1.0]))


def test_no_conversion_to_a_number_behind_ones_back(device):
    t = gg.tensor(2.0, device=device, requires_grad=True)
    for convert in (float, int, complex, math.sin, math.sqrt):
        with pytest.raises(TypeError, match=r"t\.item\(\)"):
            convert(t)
    assert t.item() == 2
    assert f"{t:.2f}" == "2.00"
    assert f"{t}" == str(t) == repr(t)
    assert bool(t > 1)
    constant = t.detach()
    assert (float(constant), int(constant), complex(constant), math.sqrt(constant)) == (2, 2, 2, math.sqrt(2))


def test_lists_of_tensors_are_not_arrays(t):
    with pytest.raises(TypeError):
        gg.tensor([t, t])
    with pytest.raises(TypeError):
        gg.tensor([t[0], t[1]])


@pytest.mark.parametrize(
    "call",
    [
        lambda cp, t: cp.sin(t),
        lambda cp, t: cp.add(cp.ones(3), t),
        lambda cp, t: cp.sum(t),
        lambda cp, t: cp.asarray(t),
        lambda cp, t: cp.array(t),
        lambda cp, t: cp.where(cp.ones(3) > 0, t, cp.ones(3)),
        lambda cp, t: cp.concatenate([t, t]),
        lambda cp, t: cp.dot(cp.ones(3), t),
        lambda cp, t: cp.matmul(t, t),
        lambda cp, t: cp.maximum(t, 0),
        lambda cp, t: cp.ElementwiseKernel("T x", "T y", "y = x", "f")(t),
        lambda cp, t: cp.ones(3).dot(t),
        lambda cp, t: cp.from_dlpack(t),
    ],
)
def test_functions_of_cupy_take_no_tensor(cupy, t, call):
    with pytest.raises((TypeError, AttributeError, ValueError)):
        call(cupy, t)


@pytest.mark.parametrize(
    "f", [np.sin, np.exp, np.abs, np.square, lambda x: np.sum(x * 2), lambda x: np.dot(x, x)]
)
def test_functions_of_numpy_record_on_every_device(t, f):
    y = f(t)
    assert type(y) is gg.Tensor
    assert y.device == t.device
    y.sum().backward()
    assert t.grad is not None


def test_numpy_functions_of_a_tensor_and_an_array(t, c):
    for y in (
        np.add(c, t),
        np.multiply(t, c),
        np.maximum(c, t),
        np.where(t > 1, t, c),
        np.concatenate([t, t]),
    ):
        assert type(y) is gg.Tensor
        assert y.requires_grad
        assert y.device == t.device


def test_what_a_tensor_must_not_offer(t):
    for name in (
        "__cuda_array_interface__",
        "__cupy_get_ndarray__",
        "__array_interface__",
        "__array_struct__",
    ):
        assert not hasattr(t, name)


# ---- devices ----


@pytest.mark.parametrize("name", ["+", "*", "@"])
def test_mixing_devices_names_the_cure(cupy, t, name):
    f = OPERATORS[name]
    host, host_tensor = np.ones(3), gg.tensor([1.0, 1.0, 1.0])
    for a, b in ((t, host), (host, t), (t, host_tensor), (host_tensor, t), (host_tensor, cupy.ones(3))):
        with pytest.raises(ValueError, match=r'expected arrays of one device.*move one with \.to\("'):
            f(a, b)


def test_mixing_devices_elsewhere(cupy, t):
    host = np.ones(3)
    for mix in (
        lambda: gg.where(host > 0, t, 0.0),
        lambda: gg.concatenate([t, host]),
        lambda: np.add(host, t),
        lambda: t[np.array([0])],
        lambda: gg.index_update(t, 0, host[0:1]),
        lambda: t.backward(host),
        lambda: t.detach().assign_(host),
        lambda: gg.jvp(gg.sin, (t,), (host,)),
        lambda: gg.vjp(gg.sin, t)[1](host),
        lambda: gg.softmax_cross_entropy(t.reshape(1, 3), np.array([1])),
    ):
        with pytest.raises(ValueError, match=r"\.to\("):
            mix()


def test_numbers_belong_to_no_device(t):
    assert (t * 2 + 1.5 - np.float64(3)).device == t.device
