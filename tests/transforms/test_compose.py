"""Every transform of every transform.

``exp(c . x) * a`` has all its derivatives at hand: each transform makes of it a function of the same form,
with another constant array ``a``. So what two or three transforms give is known without the code under test.
"""

import numpy as np
import pytest

import gpugrad as gg

C, V = np.array([0.3, -0.2, 0.5]), np.array([0.7, 0.1, -0.4])
SLOPE = C @ V
X = np.array([0.1, 0.4, -0.3])


def total(f):
    return lambda x: f(x).sum()


def by_value_and_grad(f):
    def both(x):
        value, g = gg.value_and_grad(total(f))(x)
        return value + g

    return both


def by_own_vjp(f):
    """``f`` with a backward rule of its own, which is the right one; it saves the argument."""
    g = gg.custom_vjp(lambda x: f(x))
    g.defvjp(lambda x: (f(x), x), lambda x, cotangent: gg.vjp(f, x)[1](cotangent))
    return g


def by_own_vjp_of_intermediates(f):
    """The rule saves the whole Jacobian, which is neither argument nor result."""
    g = gg.custom_vjp(lambda x: f(x))
    g.defvjp(
        lambda x: (f(x), gg.jacfwd(f)(x)),
        lambda j, cotangent: ((j * gg.reshape(cotangent, (*cotangent.shape, 1))).reshape(-1, 3).sum(0),),
    )
    return g


def by_own_jvp(f):
    g = gg.custom_jvp(lambda x: f(x))
    g.defjvp(lambda primals, tangents: gg.jvp(f, primals, tangents))
    return g


def by_function(f):
    class Own(gg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return f(x)

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            return gg.vjp(f, x)[1](cotangent)

    return Own.apply


def transforms(xp):
    """What each transform makes of a function, and of the constant of ``exp(c . x) * a``."""
    v = xp.asarray(V)
    return {
        "grad": (lambda f: gg.grad(total(f)), lambda a: a.sum() * C),
        "value_and_grad": (by_value_and_grad, lambda a: a.sum() * (1 + C)),
        "vjp": (lambda f: lambda x: gg.vjp(total(f), x)[1](2.0)[0], lambda a: 2 * a.sum() * C),
        "jvp": (lambda f: lambda x: gg.jvp(f, (x,), (v,))[1], lambda a: a * SLOPE),
        "jacrev": (gg.jacrev, lambda a: np.multiply.outer(a, C)),
        "jacfwd": (gg.jacfwd, lambda a: np.multiply.outer(a, C)),
        "jacobian": (gg.jacobian, lambda a: np.multiply.outer(a, C)),
        "hessian": (lambda f: gg.hessian(total(f)), lambda a: a.sum() * np.multiply.outer(C, C)),
        "hvp": (lambda f: lambda x: gg.hvp(total(f), x, v), lambda a: a.sum() * SLOPE * C),
        "linearize": (lambda f: lambda x: gg.linearize(f, x)[1](v), lambda a: a * SLOPE),
        "elementwise_grad": (gg.elementwise_grad, lambda a: a.sum() * C),
        "checkpoint": (gg.checkpoint, lambda a: a),
        "custom_vjp": (by_own_vjp, lambda a: a),
        "custom_vjp, intermediates": (by_own_vjp_of_intermediates, lambda a: a),
        "custom_jvp": (by_own_jvp, lambda a: a),
        "Function": (by_function, lambda a: a),
        "vmap": (lambda f: lambda x: gg.vmap(f)(gg.stack([x, x])), lambda a: np.stack([a, a])),
        "vmap, shared": (
            lambda f: lambda x: gg.vmap(lambda y, x: f(x) * y, (0, None))(v, x),
            lambda a: np.multiply.outer(V, a),
        ),
    }


NAMES = list(transforms(np))


def check(names, xp):
    x, c = xp.asarray(X), xp.asarray(C)
    table = transforms(xp)

    def f(x):
        return gg.exp((c * x).sum())

    a = np.array(1.0)
    for name in reversed(names):
        transform, constant = table[name]
        f, a = transform(f), constant(a)
    result = f(x)
    assert type(result) in (xp.ndarray, np.float64)  # the latter where no derivative is taken
    assert result.shape == a.shape
    np.testing.assert_allclose(gg.tensor(result).numpy(), np.exp(C @ X) * a, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("inner", NAMES)
@pytest.mark.parametrize("outer", NAMES)
def test_pairs(outer, inner, xp):
    check([outer, inner], xp)


def _triples(count):
    rng = np.random.default_rng(0)
    return [tuple(map(str, rng.choice(NAMES, 3))) for _ in range(count)]


@pytest.mark.parametrize("names", _triples(60), ids=" of ".join)
def test_triples(names, xp):
    check(names, xp)


@pytest.mark.parametrize("outer", ["grad", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "hvp", "linearize"])
def test_of_stop_gradient(outer, xp):
    """The derivative of a constant is zero, whatever it is made of."""
    transform, constant = transforms(xp)[outer]
    result = transform(lambda x: gg.stop_gradient(gg.exp(x.sum())))(xp.asarray(X))
    assert result.shape == constant(np.array(1.0)).shape
    assert not result.any()
