"""Messages name the function, what came and what to do."""

import numpy as np
import pytest

import gpugrad as gg

X = np.array([0.5, 1.5, 2.5])


class Empty(gg.Function):
    """Neither forward nor backward."""


class Forward(gg.Function):
    @staticmethod
    def forward(ctx, x):
        return gg.sin(x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: gg.grad(gg.argmax)(X),
            ValueError,
            "dtype int64 from argmax; whole numbers have no gradient",
        ),
        (
            lambda: gg.grad(lambda x: (x * 1j).sum())(X),
            ValueError,
            r"complex128 from <lambda>; take real\(\)",
        ),
        (
            lambda: gg.grad(gg.sin)("no"),
            TypeError,
            r"the gradient of sin needs an argument.*got str \('no'\)",
        ),
        (lambda: gg.grad(gg.multiply, [0, 1])(X, X), TypeError, r"argnums of multiply has to.*got \[0, 1\]"),
        (lambda: gg.jvp(gg.sin, X, X), TypeError, "jvp of sin takes a tuple of arguments.*got ndarray"),
        (lambda: gg.vmap(lambda x: "no")(X), TypeError, r"<lambda> has to return Tensors.*got str \('no'\)"),
        (lambda: Empty.apply(X), NotImplementedError, "Empty needs a static method forward"),
        (
            lambda: gg.grad(lambda x: Forward.apply(x).sum())(X),
            NotImplementedError,
            "Forward needs a .* backward",
        ),
    ],
)
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.fixture
def kept():
    return []


@pytest.fixture
def keeping(kept):
    def loss(x):
        kept.append(gg.sin(x))
        return x.sum()

    return loss


@pytest.mark.parametrize(
    "use",
    [
        lambda t: t + 1,
        lambda t: gg.grad(lambda x: t)(1.0),
        lambda t: gg.jvp(lambda x: t, (1.0,), (1.0,)),
        lambda t: gg.vmap(lambda x: t)(X),
        lambda t: gg.vmap(lambda x: t * x)(X),
    ],
)
def test_kept_from_vmap(use, kept, keeping):
    gg.vmap(keeping)(X)
    with pytest.raises(RuntimeError, match="met a Tensor of a call of vmap of loss that is over"):
        use(kept[0])


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: gg.grad(f)(X),
        lambda f: gg.vjp(f, X),
        lambda f: gg.jvp(f, (X,), (X,)),
        lambda f: gg.jacobian(f)(X),
    ],
)
def test_kept_from_a_derivative(transform, kept, keeping):
    transform(keeping)
    assert kept[0].numpy().tolist() == np.sin(X).tolist()  # a value like any other
    with pytest.raises(RuntimeError, match=r"of shape \(\) that depends on no leaf, only on arguments of"):
        (kept[0] * 2).sum().backward()


def test_a_leaf_that_a_rule_gives_nothing():
    """It is there, so this is no mistake."""

    class Nothing(Forward):
        @staticmethod
        def backward(ctx, g):
            return None

    x = gg.tensor(X, requires_grad=True)
    Nothing.apply(x).sum().backward()
    assert x.grad is None or not x.grad.numpy().any()
