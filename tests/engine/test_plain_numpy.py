"""Functions written in plain ``np`` (and in CuPy's operators) are differentiated as they stand."""

import numpy as np
import pytest

import gpugrad as gg

RNG = np.random.default_rng(0)
V, W, A = RNG.uniform(0.2, 0.9, 4), RNG.uniform(0.2, 0.9, 4), RNG.uniform(0.2, 0.9, (4, 4))

# Real functions of one vector.
FUNCTIONS = {
    "sin": lambda x: np.sum(np.sin(x) * W),
    "many ufuncs": lambda x: np.sum(np.exp(-np.square(x)) + np.log1p(x) * np.sqrt(x) - np.arctan2(x, W) ** 3),
    "reflected operators": lambda x: np.sum(W - x + W / x - W**x + (W > x) * x),
    "dot": lambda x: np.dot(x, W) * np.dot(W, x),
    "matmul": lambda x: x @ A @ W + np.matmul(W, np.matmul(A, x)),
    "quadratic form": lambda x: np.dot(x, np.dot(A, x)),
    "outer and trace": lambda x: np.trace(np.outer(x, W) @ A),
    "einsum": lambda x: np.einsum("i,ij,j->", x, A, x),
    "tensordot": lambda x: np.tensordot(A, x, axes=1).sum(),
    "where": lambda x: np.sum(np.where(x > W, x * x, np.abs(x) * W)),
    "maximum and clip": lambda x: np.sum(np.maximum(x, W) + np.minimum(x, 0.5) + np.clip(x, 0.3, 0.7)),
    "concatenate and stack": lambda x: (
        np.sum(np.concatenate([x, W, x * x]) ** 2) + np.sum(np.stack([x, W]) ** 3)
    ),
    "shapes": lambda x: np.sum(np.transpose(np.reshape(x, (2, 2))) @ np.expand_dims(x, 1).reshape(2, 2)),
    "sizes": lambda x: np.sum(x) / np.size(x) * np.shape(x)[0] ** np.ndim(x),
    "reductions": lambda x: np.mean(x * x) + np.var(x) + np.std(x) + np.prod(x) + np.max(x) - np.min(x),
    "axes": lambda x: np.sum(np.sum(x.reshape(2, 2), axis=0, keepdims=True) ** 2),
    "order": lambda x: np.sum(np.sort(x) * W + np.flip(x) * W + np.roll(x, 1) * W + np.cumsum(x) * W),
    "index": lambda x: x[0] * x[-1] + np.sum(x[1:3] ** 2) + np.sum(x[[0, 0, 2]]) + np.sum(np.take(x, [1, 3])),
    "like": lambda x: np.sum(x * np.ones_like(x) + np.zeros_like(x)),
    "norm": lambda x: np.linalg.norm(x - W) + np.linalg.norm(A * x),
    "split": lambda x: np.sum(np.split(x, 2)[0] * np.split(x, 2)[1]),
    "tile, repeat, pad": lambda x: (
        np.sum(np.tile(x, 2) ** 2) + np.sum(np.repeat(x, 2) ** 3) + np.sum(np.pad(x, 1) ** 2)
    ),
    "triangles": lambda x: np.sum(np.tril(np.outer(x, x)) + np.diag(x) * A),
    "constants": lambda x: np.pi * np.sum(x) + np.float64(2.0) * x[0] + np.sum(np.eye(4) @ x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy(name):
    f = FUNCTIONS[name]
    value, g = gg.value_and_grad(f)(V)
    assert type(g) is np.ndarray
    np.testing.assert_allclose(value, f(V), rtol=1e-13)
    h = 1e-6
    expected = [(f(V + step) - f(V - step)) / (2 * h) for step in h * np.eye(4)]
    np.testing.assert_allclose(g, expected, rtol=1e-6, atol=1e-8)


def test_second_order_through_numpy():
    f = FUNCTIONS["many ufuncs"]
    _, t = gg.jvp(gg.grad(f), (V,), (W,))
    h = 1e-6
    np.testing.assert_allclose(t, (gg.grad(f)(V + h * W) - gg.grad(f)(V - h * W)) / (2 * h), rtol=1e-6)


def test_methods_and_operators_only(device, xp):
    """What works for every library: operators and methods."""
    w = xp.asarray(W)

    def f(x):
        y = (w * x + 1.0) / (2.0 - x) ** 2
        return (w @ y.reshape(2, 2).T.reshape(-1)) + (w > x).sum() * y.max() + abs(y - w).mean()

    g = gg.grad(f)(xp.asarray(V))
    assert type(g) is xp.ndarray
    expected = gg.grad(lambda x: f_numpy(x))(V)
    np.testing.assert_allclose(gg.tensor(g).numpy(), expected, rtol=1e-12)


def f_numpy(x):
    y = (W * x + 1.0) / (2.0 - x) ** 2
    return np.dot(W, y.reshape(2, 2).T.reshape(-1)) + np.sum(W > x) * np.max(y) + np.mean(np.abs(y - W))


def test_a_cupy_constant_in_a_function_of_a_cupy_array():
    cupy = pytest.importorskip("cupy")
    if not gg.cuda.is_available():
        pytest.skip("no CUDA device")
    c = cupy.asarray(W)

    def f(x):
        return (c * x + c @ x - (c < x) * c / x).sum()

    g = gg.grad(f)(cupy.asarray(V))
    assert type(g) is cupy.ndarray
    np.testing.assert_allclose(
        g.get(), gg.grad(lambda x: np.sum(W * x + W @ x - (W < x) * W / x))(V), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda t: np.linalg.trace(t.reshape(2, 2)), "numpy.linalg.trace"),
        (lambda t: np.emath.sqrt(t), "sqrt"),
        (lambda t: np.interp(t, [0, 1], [0, 1]), "numpy.interp"),
        (lambda t: np.median(t), "numpy.median"),
    ],
)
def test_a_function_that_is_not_served_says_so(call, name):
    with pytest.raises(TypeError, match=rf"gpugrad has no .*{name} for a Tensor yet.*t\.numpy\(\)"):
        call(gg.tensor(V))


def test_a_ufunc_that_is_not_served_says_so():
    t = gg.tensor(V)
    with pytest.raises(TypeError, match=r"numpy\.heaviside does not work on a gpugrad.Tensor"):
        np.heaviside(t, 0.5)
    with pytest.raises(TypeError, match=r"numpy\.add\.reduce does not work"):
        np.add.reduce(t)
    with pytest.raises(TypeError, match=r"numpy\.multiply\.outer does not work"):
        np.multiply.outer(t, t)
    with pytest.raises(TypeError, match=r"numpy\.sin with out does not work"):
        np.sin(t, out=np.empty(4))
    array = np.ones(len(V))
    with pytest.raises(TypeError, match=r"array = array \+ t"):
        array += t
    with pytest.raises(TypeError, match=r"numpy\.sin with where does not work"):
        np.sin(t, where=[True, False, True, False])


def test_an_array_of_tensors_says_how_to_make_one():
    t = gg.tensor(V)
    with pytest.raises(TypeError, match=r"np\.stack.*t\.numpy\(\)"):
        np.array([t[0], t[1]])


def test_a_ufunc_of_the_same_name_is_not_numpys():
    tanh = np.frompyfunc(lambda x: 0.0, 1, 1)
    with pytest.raises(TypeError, match=r"does not work on a gpugrad\.Tensor"):
        tanh(gg.tensor(V))
