"""gpugrad functions in PyTorch and torch functions in gpugrad."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.testing import check_grads

torch = pytest.importorskip("torch")

from gpugrad.bridges.torch import from_torch, to_torch  # noqa: E402

RNG = np.random.default_rng(0)
X, W, G = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2))


def ours(x, w):
    return {"a": gg.tanh(x @ w), "b": (x**3).sum(), "n": x.argmax(), "same": x}


def theirs(x, w):
    return {"a": torch.tanh(x @ w), "b": (x**3).sum(), "n": x.argmax(), "same": x}


def leaf(array, **options):
    return torch.tensor(array, requires_grad=True, **options)


# ---- a gpugrad function in PyTorch ----


def test_values():
    y = to_torch(ours)(torch.tensor(X), torch.tensor(W))
    expected = theirs(torch.tensor(X), torch.tensor(W))
    for name in expected:
        torch.testing.assert_close(y[name], expected[name])
    assert not y["a"].requires_grad


def test_cotangent_of_an_array_is_not_taken_for_ones():
    x, w = leaf(X), leaf(W)
    to_torch(ours)(x, w)["a"].backward(torch.tensor(G))
    expected = gg.vjp(lambda x, w: gg.tanh(x @ w), X, W)[1](G)
    np.testing.assert_allclose(x.grad, expected[0])
    np.testing.assert_allclose(w.grad, expected[1])


def test_derivatives_of_three_orders():
    found = []
    for f in (to_torch(ours), theirs):
        x, w = leaf(X), leaf(W)
        y = f(x, w)
        loss = (y["a"] * torch.tensor(G)).sum() * y["b"] + (y["same"] ** 2).sum()
        for _ in range(2):
            gx, gw = torch.autograd.grad(loss, (x, w), create_graph=True)
            found += [gx, gw]
            loss = (gx**2).sum() / 100 + torch.tanh(gw).sum()
        found += torch.autograd.grad(loss, (x, w))
    for a, b in zip(found[:6], found[6:], strict=True):
        torch.testing.assert_close(a, b)


def test_gradcheck():
    f = to_torch(lambda x, w: [gg.tanh(x @ w), gg.sum(x**3)])
    assert torch.autograd.gradcheck(f, (leaf(X), leaf(W)))
    assert torch.autograd.gradgradcheck(f, (leaf(X), leaf(W)))


def test_complex():
    """Not holomorphic, so that a conjugate at the wrong place shows."""
    f = to_torch(lambda z: gg.exp(z) * gg.real(z))
    z = leaf(RNG.normal(size=3) + 1j * RNG.normal(size=3))
    assert torch.autograd.gradcheck(f, (z,))
    assert torch.autograd.gradgradcheck(f, (z,))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtype_is_kept(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    x = torch.ones(3, dtype=getattr(torch, dtype), requires_grad=True)
    y = to_torch(lambda x: x * x)(x)
    y.backward(torch.arange(3).to(y))
    assert y.dtype == x.grad.dtype == getattr(torch, dtype)
    assert x.grad.tolist() == [0, 2, 4]


def test_constants_are_passed_on():
    x, k = leaf([1.0, 2.0]), torch.tensor([3, 4])
    y = to_torch(lambda x, k, how: x * k if how == "times" else x)(x, k, "times")
    y.sum().backward()
    assert (x.grad.tolist(), k.grad) == ([3, 4], None)


def test_memory_is_shared_but_not_with_results():
    x = torch.ones(3)
    seen = []
    y = to_torch(lambda x: seen.append(x.data) or x)(x)
    x[0] = 5
    assert seen[0][0] == 5
    assert y[0] == 1


def test_views_and_conjugates_of_torch():
    x = leaf(X)
    z = torch.tensor([1 + 2j]).conj()
    assert to_torch(lambda z: z * 1)(z).tolist() == [1 - 2j]
    to_torch(lambda x: x * x)(x.T[:, ::2].expand(2, 3, 2)).sum().backward()
    np.testing.assert_allclose(x.grad[::2], 4 * X[::2])
    assert not x.grad[1::2].any()


# ---- a torch function in gpugrad ----


def test_values_from_torch():
    y = from_torch(theirs)(X, W)
    assert type(y["a"]) is np.ndarray
    np.testing.assert_allclose(y["a"], np.tanh(X @ W))
    assert y["n"] == X.argmax()
    assert type(from_torch(theirs)(gg.tensor(X), W)["a"]) is gg.Tensor


def test_cotangent_from_torch():
    _, pull = gg.vjp(lambda x, w: from_torch(theirs)(x, w)["a"], X, W)
    expected = gg.vjp(lambda x, w: gg.tanh(x @ w), X, W)[1](G)
    for got, g in zip(pull(G), expected, strict=True):
        np.testing.assert_allclose(got, g)


def test_all_derivatives_from_torch():
    def f(x, w):
        y = from_torch(theirs)(x, {"w": w}["w"])
        return y["a"], y["b"] / 10, y["same"] * x

    check_grads(f, (X, W), order=3, rtol=1e-5, atol=1e-5)


def test_complex_from_torch():
    z = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    check_grads(from_torch(lambda z: torch.exp(z) * torch.real(z)), (z,), order=2)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_from_torch(dtype):
    x = gg.tensor([0, 1, 2], dtype=dtype, requires_grad=True)
    y = from_torch(lambda x: x * x)(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.dtype(dtype)
    assert x.grad.tolist() == [0, 2, 4]


def test_one_backward_pass_for_all_arguments():
    calls = []

    class Counted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b, a + b

        @staticmethod
        def backward(ctx, g, h):
            calls.append(1)
            return g * 2 + h, g * 3 + h

    a, b = gg.tensor(3.0, requires_grad=True), gg.tensor(2.0, requires_grad=True)
    y, z = from_torch(Counted.apply)(a, b)
    (y * 10 + z).backward()
    assert (a.grad.item(), b.grad.item(), len(calls)) == (21, 31, 1)


def test_unused_and_constant():
    g = gg.grad(lambda a, b: from_torch(lambda a, b: (a * 2).sum())(a, b), argnums=(0, 1))(X, W)
    assert (g[0] == 2).all()
    assert not g[1].any()
    assert not gg.grad(lambda a: from_torch(lambda a: torch.ones(()).double())(a) * 1)(X).any()


def test_writes_to_an_argument():
    """Its memory is PyTorch's too: the gradient says that it is lost, the result stands on its own."""
    w = gg.tensor(X, requires_grad=True)
    y = from_torch(lambda w: w.T)(w)
    w.assign_(0.0)
    np.testing.assert_array_equal(y.numpy(), X.T)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_jacobian_and_vmap_from_torch():
    f = from_torch(lambda x: torch.sin(x) * x)
    rows = np.stack([np.diag(np.sin(x) + x * np.cos(x)) for x in X])
    np.testing.assert_allclose(np.stack([gg.jacobian(f)(x) for x in X]), rows)
    np.testing.assert_allclose(gg.vmap(gg.jacfwd(f))(X), rows)
    np.testing.assert_allclose(
        gg.vmap(gg.hessian(lambda x: f(x).sum()))(X)[0], np.diag(2 * np.cos(X[0]) - X[0] * np.sin(X[0]))
    )


def test_there_and_back_again():
    f = to_torch(from_torch(lambda x: torch.sin(x) * x))
    x = leaf(X)
    torch.testing.assert_close(torch.autograd.grad(f(x).sum(), x)[0], torch.cos(x) * x + torch.sin(x))


def test_function_that_pytorch_differentiates_once():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    f = from_torch(Once.apply)
    assert gg.grad(f)(3.0) == 6
    assert gg.grad(f)(gg.tensor(3.0, requires_grad=True)).item() == 6
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gg.grad(gg.grad(f))(3.0)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gg.jvp(f, (3.0,), (1.0,))
