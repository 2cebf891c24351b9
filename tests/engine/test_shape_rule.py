"""The gradient of an operand has the shape and dtype of that operand, whatever it met."""

import numpy as np
import pytest

import gpugrad as gg

OPERATORS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: abs(a) ** b,
    "maximum": gg.maximum,
    "where": lambda a, b: gg.where(np.ones((2, 3), bool), a, b),
}
SHAPES = [((2, 3), (3,)), ((2, 3), ()), ((2, 1), (1, 3)), ((1,), (2, 3)), ((2, 3), (1, 1)), ((3,), (2, 3))]


def like(x):
    return (x.shape, x.dtype)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4"), ("f4", "f4")], ids=str)
@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("needs", [(True, True), (True, False), (False, True)], ids=str)
def test_broadcast_operands_of_any_two_floats(name, shapes, dtypes, needs):
    a, b = (
        gg.tensor(np.full(shape, 1.5), dtype=dtype, requires_grad=need)
        for shape, dtype, need in zip(shapes, dtypes, needs, strict=True)
    )
    y = gg.broadcast_to(OPERATORS[name](a, b), (2, 3))
    y.sum().backward()
    for x, need in zip((a, b), needs, strict=True):
        assert (x.grad is not None) == need
        if need:
            assert like(x.grad) == like(x)


def test_what_broadcasting_repeated_is_summed(device):
    a = gg.tensor(np.ones((2, 1)), device=device, requires_grad=True)
    b = gg.tensor(2.0, device=device, requires_grad=True)
    (a * b * np.array(1.0) if device == "cpu" else a * b).sum().backward()
    assert a.grad.tolist() == [[2.0], [2.0]]
    assert b.grad.item() == 2


def test_the_values_of_a_float32_gradient_beside_float64():
    x = gg.tensor([1.0, 2.0], dtype="float32", requires_grad=True)
    w = gg.tensor([0.1, 0.2], requires_grad=True)
    (x * w).sum().backward()
    assert (x.grad.dtype, w.grad.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(x.grad.numpy(), np.float32([0.1, 0.2]))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: 2 * x + 1.5,
        lambda x: (1 - x) / 3,
        lambda x: x**2.5,
        lambda x: 2.0**x,
        lambda x: gg.maximum(x, 0.3),
        lambda x: gg.where(x > 1, x, 0.0),
        lambda x: x * True,
    ],
)
def test_python_numbers_widen_nothing(device, dtype, f):
    x = gg.tensor([0.5, 1.5], dtype=dtype, device=device, requires_grad=True)
    y = f(x)
    assert y.dtype == dtype
    y.sum().backward()
    assert x.grad.dtype == dtype


def test_a_real_operand_of_a_complex_result_has_a_real_gradient():
    x = gg.tensor([1.0, 2.0], dtype="float32", requires_grad=True)
    z = gg.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    y = x * z
    assert y.dtype == np.complex128
    gg.real(y * (2 + 1j)).sum().backward()
    # Re(x z (2 + i)): by x it is Re(z (2 + i)); uphill in z it is conj(x (2 + i)).
    assert like(x.grad) == ((2,), np.float32)
    np.testing.assert_allclose(x.grad.numpy(), [0, 7])
    np.testing.assert_allclose(z.grad.numpy(), [2 - 1j, 4 - 2j])


def test_a_complex_python_number_times_a_real_tensor():
    x = gg.tensor(2.0, requires_grad=True)
    gg.imag(x * x * 3j).backward()
    assert x.grad.dtype == np.float64
    assert x.grad.item() == 12


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1, 1, 1)])
def test_no_dimensions_and_no_elements(device, shape):
    x = gg.tensor(np.full(shape, 2.0), device=device, requires_grad=True)
    y = (gg.exp(x * 2) + x).sum()
    y.backward()
    assert like(x.grad) == like(x)
    assert type(x.grad.data) is type(x.data)
    np.testing.assert_allclose(x.grad.numpy(), np.full(shape, 2 * np.exp(4) + 1))


def test_no_elements_broadcast():
    a = gg.tensor(np.ones((0, 3)), requires_grad=True)
    b = gg.tensor(np.ones(3), requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.shape == (0, 3)
    assert b.grad.tolist() == [0, 0, 0]


def test_a_rule_of_another_dtype_is_put_right():
    @gg.primitive
    def wide_sin(xp, x):
        return xp.sin(x.astype("float64"))

    gg.elementwise(wide_sin, lambda t, x: t * gg.cos(x))
    x = gg.tensor([1.0], dtype="float32", requires_grad=True)
    wide_sin(x).sum().backward()
    assert x.grad.dtype == np.float32
    assert gg.grad(lambda v: wide_sin(v).sum())(np.ones(1, "float32")).dtype == np.float32


@pytest.mark.parametrize("f", [gg.positive, gg.tanh])
def test_a_rule_of_another_shape_is_an_error(f):
    @gg.primitive
    def total(xp, x):
        return xp.sum(x)

    gg.by_hand(total, vjp=(lambda g: g,), jvp=(None,))
    with pytest.raises(ValueError, match=r"shape \(3,\) does not broadcast to \(\)"):
        total(f(gg.tensor([1.0, 2.0, 3.0], requires_grad=True))).backward()


@pytest.mark.parametrize("f", [lambda t: t * 0.5, lambda t: 1.5 - t, lambda t: t / 2, lambda t: t**3])
def test_a_python_number_does_not_widen_bfloat16(f, device):
    t = gg.tensor([1.0, 2.0], dtype="bfloat16", device=device, requires_grad=True)
    y = f(t)
    assert y.dtype.name == "bfloat16"
    y.sum().backward()
    assert t.grad.dtype.name == "bfloat16"


@pytest.mark.parametrize(
    "name",
    "sigmoid relu tanh leaky_relu elu selu gelu gelu_tanh silu softplus log_sigmoid mish hardtanh".split(),
)
def test_activations_keep_bfloat16(name, device):
    t = gg.tensor([-1.5, 0.5, 2.0], dtype="bfloat16", device=device, requires_grad=True)
    y = getattr(gg, name)(t)
    assert y.dtype.name == "bfloat16"
    y.sum().backward()
    assert t.grad.dtype.name == "bfloat16"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_einsum_keeps_half_types(dtype, device):
    a = gg.tensor(np.full((3, 3), 0.5), dtype=dtype, device=device, requires_grad=True)
    for subscripts, others in (("ij,jk->ik", (a,)), ("ii", ()), ("ij->j", ())):
        y = gg.einsum(subscripts, a, *others)
        assert y.dtype.name == dtype
        (gradient,) = gg.vjp(lambda a, s=subscripts, o=others: gg.einsum(s, a, *o), a)[1](y.detach())
        assert gradient.dtype.name == dtype and gradient.shape == a.shape


def test_einsum_sums_half_types_in_float32(device):
    ones = gg.tensor(np.ones((1, 4096)), dtype="float16", device=device)
    assert gg.einsum("ij,ij->i", ones, ones).tolist() == [4096.0]


@gg.primitive
def turned(xp, x):
    return xp.exp(1j * x)


@gg.primitive
def turned_by(xp, x, *, k):
    return xp.exp(1j * k * x)


gg.elementwise(turned, lambda t, y: t * (1j * y))
gg.elementwise(turned_by, lambda t, y, *, k: t * (1j * k * y))


@pytest.mark.parametrize("f", [turned, lambda x: turned_by(x, k=1.0)], ids=["plain", "with parameters"])
def test_a_real_operand_of_an_own_complex_function_has_a_real_gradient(f):
    x = gg.tensor([0.3, -0.2], requires_grad=True)
    z = x * 1  # used so often that its cotangents are added up in place
    (gg.real(f(z)).sum() + gg.imag(f(z)).sum() + (z * z).sum()).backward()
    assert x.grad.dtype == np.float64
    np.testing.assert_allclose(x.grad.numpy(), np.cos([0.3, -0.2]) - np.sin([0.3, -0.2]) + [0.6, -0.4])

    def behind_a_modulus(c):
        return gg.real(f(abs(c)) * (1 - 2j)).sum()

    gg.testing.check_grads(behind_a_modulus, (np.array([0.5 + 1j, -0.3 + 0.2j]),), order=2)
