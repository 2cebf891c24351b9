"""grad and value_and_grad."""

from typing import NamedTuple

import numpy as np
import pytest

import gpugrad as gg


class Layer(NamedTuple):
    w: object
    b: object


def test_value_and_gradient(device, xp):
    x = xp.asarray([1.0, 2.0])
    value, g = gg.value_and_grad(lambda x: (x * x).sum())(x)
    assert type(value) is type(g) is xp.ndarray
    assert (value.shape, float(value)) == ((), 5)
    assert g.tolist() == [2, 4]


def test_plain_numbers_give_plain_arrays():
    g = gg.grad(lambda x: x**3)(2.0)
    assert type(g) is np.ndarray
    assert (g.shape, g.dtype, g.item()) == ((), np.float64, 12)


def test_tensors_give_tensors_that_hang_on_no_graph(device):
    value, g = gg.value_and_grad(lambda x: (x * x).sum())(gg.tensor([1.0, 2.0], device=device))
    assert type(value) is type(g) is gg.Tensor
    assert not value.requires_grad
    assert not g.requires_grad


def test_tensors_that_require_grad_give_tensors_that_do():
    x = gg.tensor(2.0, requires_grad=True)
    value, g = gg.value_and_grad(lambda t: t**3)(x)
    (g + value).backward()
    assert x.grad.item() == 12 + 12
    with gg.no_grad():
        assert not gg.grad(lambda t: t**3)(x).requires_grad


def test_the_argument_itself_is_not_touched():
    x = gg.tensor(2.0, requires_grad=True)
    gg.grad(lambda t: t * t)(x)
    assert x.grad is None
    assert x.is_leaf


# ---- argnums ----


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 15), (1, 10), (-1, 6), ((0,), (15,)), ((2, 0), (6, 15)), ((-3, -1), (15, 6)), ((), ())],
)
def test_argnums(argnums, expected):
    assert gg.grad(lambda a, b, c: a * b * c, argnums)(2.0, 3.0, 5.0) == expected


@pytest.mark.parametrize("argnums", [2, -3, (0, 2)])
def test_argnums_out_of_range(argnums):
    with pytest.raises(ValueError, match=r"argnums=.* of f, which was called with 2 arguments"):

        def f(a, b):
            return a * b

        gg.grad(f, argnums)(1.0, 2.0)


def test_argnums_have_to_be_integers():
    with pytest.raises(TypeError):
        gg.grad(lambda x: x, 0.5)


def test_other_arguments_stay_what_they_are():
    def f(x, n, how, *, power):
        assert type(n) is int
        assert how is None
        return x**power * n

    assert gg.grad(f)(2.0, 3, None, power=2) == 12


# ---- aux ----


def test_aux():
    def f(x):
        y = x * x
        return y.sum(), {"y": y, "name": "square", "n": 3}

    x = np.array([1.0, 2.0])
    (value, aux), g = gg.value_and_grad(f, has_aux=True)(x)
    assert value == 5
    assert type(aux["y"]) is np.ndarray
    assert aux["y"].tolist() == [1, 4]
    assert (aux["name"], aux["n"]) == ("square", 3)
    g2, aux = gg.grad(f, has_aux=True)(gg.tensor(x))
    assert type(aux["y"]) is gg.Tensor
    assert not aux["y"].requires_grad
    assert g.tolist() == g2.tolist() == [2, 4]


def test_aux_is_differentiated_by_an_outer_transform():
    def inner(x):
        return x * x, x**3

    def outer(x):
        _, aux = gg.grad(inner, has_aux=True)(x)
        return aux

    assert gg.grad(outer)(2.0) == 12


# ---- pytrees ----


def test_pytrees(xp):
    params = {
        "layers": [Layer(xp.ones((2, 3)), xp.zeros(3)), Layer(xp.ones((3, 1)), xp.zeros(1))],
        "scale": 2.0,
    }
    x = xp.asarray([[1.0, 2.0]])

    def loss(p):
        h = x
        for layer in p["layers"]:
            h = h @ layer.w + layer.b
        return (h * p["scale"]).sum()

    g = gg.grad(loss)(params)
    assert type(g["layers"][0]) is Layer
    assert g["layers"][0].w.tolist() == [[2, 2, 2], [4, 4, 4]]
    assert g["layers"][1].b.tolist() == [2]
    assert g["scale"].item() == 9
    assert g["layers"][1].w.shape == (3, 1)


def test_none_in_a_pytree():
    g = gg.grad(lambda p: p["w"] * 2)({"w": 1.0, "b": None})
    assert g == {"w": 2, "b": None}


def test_unused_arguments_get_zeros(xp):
    g = gg.grad(lambda a, b: a.sum(), (0, 1))(xp.ones(2), {"x": xp.ones((2, 2), "float32")})
    assert g[1]["x"].tolist() == [[0, 0], [0, 0]]
    assert g[1]["x"].dtype == np.float32
    assert gg.grad(lambda x: 3.0)(xp.ones(2)).tolist() == [0, 0]


def test_one_tensor_as_two_arguments():
    x = gg.tensor(3.0)
    assert gg.grad(lambda a, b: a * a * b, (0, 1))(x, x) == (18, 9)


# ---- dtypes ----


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_are_kept(xp, dtype):
    value, g = gg.value_and_grad(lambda x: (2 * x * x + 1).sum())(xp.ones(3, dtype))
    assert value.dtype == g.dtype == dtype


def test_complex_gradients_descend():
    z = np.array([1 + 2j, -1j])
    g = gg.grad(lambda z: gg.square(gg.abs(z)).sum())(z)
    np.testing.assert_allclose(g, 2 * z)
    g = gg.grad(lambda z: gg.real(z * z).sum())(z)
    np.testing.assert_allclose(g, np.conj(2 * z))


# ---- errors ----


def test_the_value_has_to_be_one_real_number():
    def f(x):
        return x * x

    with pytest.raises(ValueError, match=r"got shape \(3,\) and dtype float64 from f; reduce it.*\.sum\(\)"):
        gg.grad(f)(np.ones(3))
    with pytest.raises(ValueError, match=r"one real number.*complex128"):
        gg.grad(f)(1j)
    with pytest.raises(ValueError, match=r"one real number.*int64"):
        gg.grad(lambda x: (x > 0).sum())(np.ones(3))


def test_one_element_of_any_shape_is_one_number():
    assert gg.grad(lambda x: x * x)(np.array([[3.0]])).tolist() == [[6]]


@pytest.mark.parametrize("wrong", [3, np.arange(3), True, [1.0, 2]])
def test_integer_arguments(wrong):
    def f(x):
        return x

    with pytest.raises(
        TypeError, match=r"the gradient of f differentiates with respect to float and complex"
    ):
        gg.grad(f)(wrong)


def test_arguments_that_are_no_numbers():
    with pytest.raises(TypeError, match="needs an argument of arrays, Tensors or numbers, got str"):
        gg.grad(lambda x: x)("1.0")


def test_callables_without_a_name():
    class F:
        def __call__(self, x):
            return x

    with pytest.raises(ValueError, match="from F"):
        gg.grad(F())(np.ones(2))


def test_name_and_documentation_of_the_function():
    def f(x):
        """Doc."""
        return x

    assert (gg.grad(f).__name__, gg.value_and_grad(f).__doc__) == ("f", "Doc.")
