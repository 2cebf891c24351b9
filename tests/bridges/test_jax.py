"""gpugrad functions in JAX and JAX functions in gpugrad."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.testing import check_grads

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

from gpugrad.bridges.jax import from_jax, to_jax  # noqa: E402

RNG = np.random.default_rng(0)
X, W, G = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2))


@pytest.fixture(autouse=True)
def _double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def ours(x, w):
    return {"a": gg.tanh(x @ w), "b": (x**3).sum(), "n": x.argmax(), "same": x}


def theirs(x, w):
    return {"a": jnp.tanh(x @ w), "b": (x**3).sum(), "n": x.argmax(), "same": x}


def loss_of(f):
    def loss(x, w):
        y = f(x, w)
        return (y["a"] * G).sum() * y["b"] + (y["same"] ** 2).sum()

    return loss


def again(loss):
    g = jax.grad(loss, (0, 1))
    return lambda x, w: (g(x, w)[0] ** 2).sum() / 100 + jnp.tanh(g(x, w)[1]).sum()


def alike(a, b):
    jax.tree_util.tree_map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-9), a, b)


# ---- a gpugrad function in JAX ----


def test_values():
    y = to_jax(ours)(jnp.asarray(X), jnp.asarray(W))
    alike(y, theirs(X, W))
    assert isinstance(y["a"], jax.Array)


def test_cotangent_of_an_array_is_not_taken_for_ones():
    found = [
        jax.vjp(lambda x, w, f=f: f(x, w)["a"], jnp.asarray(X), jnp.asarray(W))[1](G)
        for f in (to_jax(ours), theirs)
    ]
    alike(*found)


@pytest.mark.parametrize("compiled", [False, True])
def test_derivatives_of_three_orders(compiled):
    ours_, theirs_ = loss_of(to_jax(ours)), loss_of(theirs)
    for _ in range(3):
        a, b = jax.grad(ours_, (0, 1)), jax.grad(theirs_, (0, 1))
        alike((jax.jit(a) if compiled else a)(jnp.asarray(X), jnp.asarray(W)), b(X, W))
        ours_, theirs_ = again(ours_), again(theirs_)


def test_vmap():
    xs = jnp.stack([X, 2 * X])
    alike(*[jax.vmap(lambda x, f=f: f(x, jnp.asarray(W))["a"])(xs) for f in (to_jax(ours), theirs)])


def test_complex():
    """JAX's cotangents are plain transposes, gpugrad's point uphill."""
    z, g = (jnp.asarray(RNG.normal(size=3) + 1j * RNG.normal(size=3)) for _ in range(2))
    fs = to_jax(lambda z: gg.exp(z) * gg.real(z)), lambda z: jnp.exp(z) * jnp.real(z)
    alike(*[jax.vjp(f, z)[1](g) for f in fs])
    alike(*[jax.grad(lambda z, f=f: abs(jax.vjp(f, z)[1](g)[0]).sum())(z) for f in fs])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtype_is_kept(dtype):
    x = jnp.arange(3, dtype=dtype)
    y, pull = jax.vjp(to_jax(lambda x: x * x), x)
    (g,) = pull(y)
    assert y.dtype == g.dtype == x.dtype
    assert g.tolist() == [0, 2, 16]


def test_integer_arguments_and_numbers():
    f = to_jax(lambda x, k, c: (x * k).sum() * c)
    assert jax.grad(f)(jnp.ones(2), jnp.asarray([3, 4]), 2.0).tolist() == [6, 8]


# ---- a JAX function in gpugrad ----


def test_values_from_jax():
    y = from_jax(theirs)(X, W)
    assert type(y["a"]) is np.ndarray
    alike(y, theirs(X, W))
    assert type(from_jax(theirs)(gg.tensor(X), W)["a"]) is gg.Tensor


def test_cotangent_from_jax():
    _, pull = gg.vjp(lambda x, w: from_jax(theirs)(x, w)["a"], X, W)
    alike(pull(G), gg.vjp(lambda x, w: gg.tanh(x @ w), X, W)[1](G))


def test_all_derivatives_from_jax():
    def f(x, w):
        y = from_jax(theirs)(x, {"w": w}["w"])
        return y["a"], y["b"] / 10, y["same"] * x

    check_grads(f, (X, W), order=3, rtol=1e-5, atol=1e-5)


def test_complex_from_jax():
    z = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    check_grads(from_jax(lambda z: jnp.exp(z) * jnp.real(z)), (z,), order=2)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtype_from_jax(dtype):
    x = gg.tensor([0, 1, 2], dtype=dtype, requires_grad=True)
    y = from_jax(jax.jit(lambda x: x * x))(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == x.dtype
    assert x.grad.tolist() == [0, 2, 4]


def test_jacobian_and_vmap_from_jax():
    f = from_jax(lambda x: jnp.sin(x) * x)
    rows = np.stack([np.diag(np.sin(x) + x * np.cos(x)) for x in X])
    np.testing.assert_allclose(np.stack([gg.jacobian(f)(x) for x in X]), rows)
    np.testing.assert_allclose(gg.vmap(gg.jacfwd(f))(X), rows)
    np.testing.assert_allclose(
        gg.vmap(gg.hessian(lambda x: f(x).sum()))(X)[0], np.diag(2 * np.cos(X[0]) - X[0] * np.sin(X[0]))
    )


def test_there_and_back_again():
    f = to_jax(from_jax(lambda x: jnp.sin(x) * x))
    alike(jax.grad(lambda x: f(x).sum())(jnp.asarray(X)), np.cos(X) * X + np.sin(X))


def test_thirty_two_bits():
    jax.config.update("jax_enable_x64", False)
    with pytest.raises(TypeError, match="JAX runs in 32 bits and would round float64"):
        from_jax(jnp.sin)(X)
    assert from_jax(jnp.sin)(X.astype("float32")).dtype == np.float32
