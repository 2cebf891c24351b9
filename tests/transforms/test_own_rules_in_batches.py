"""Functions with rules of their own inside of vmap, wherever the gradient is asked for from.

The plain function is the oracle: its derivatives are checked elsewhere.
"""

import numpy as np
import pytest

import gpugrad as gg

RNG = np.random.default_rng(0)
A, B, W = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3)), RNG.normal(size=3)


def plain(x, y):
    return gg.sin(x) * y


class Own(gg.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return gg.sin(x) * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * gg.cos(x) * y, g * gg.sin(x)


by_vjp = gg.custom_vjp(plain)
by_vjp.defvjp(
    lambda x, y: (gg.sin(x) * y, (gg.cos(x), x, y)),
    lambda r, g: (g * r[0] * r[2], g * gg.sin(r[1])),
)
by_jvp = gg.custom_jvp(plain)
by_jvp.defjvps(lambda t, value, x, y: t * gg.cos(x) * y, lambda t, value, x, y: t * gg.sin(x))

OWN = {
    "custom_vjp": by_vjp,
    "custom_jvp": by_jvp,
    "Function": Own.apply,
    "checkpoint": gg.checkpoint(plain),
    "checkpoint of custom_vjp": gg.checkpoint(by_vjp),
}


def both(f, a, b):
    return (f(a, b) * f(b, a)).sum()


PROGRAMS = {
    "vmap": lambda f: gg.vmap(f, (0, None))(A, W),
    "vmap of grad": lambda f: gg.vmap(gg.grad(lambda a: both(f, a, W)))(A),
    "vmap of hessian": lambda f: gg.vmap(gg.hessian(lambda a: both(f, a, W)))(A),
    "vmap of jvp": lambda f: gg.vmap(lambda a: gg.jvp(lambda a: f(a, W), (a,), (W,))[1])(A),
    "vmap of grad of vmap": lambda f: gg.vmap(
        lambda a: gg.grad(lambda w: gg.vmap(lambda b: both(f, a * w, b))(B).sum())(W)
    )(A),
    "grad of vmap of vmap": lambda f: gg.grad(
        lambda w: gg.vmap(lambda a: gg.vmap(lambda b: both(f, a * w, b))(B))(A).sum()
    )(W),
    "hessian of vmap of vmap": lambda f: gg.hessian(
        lambda w: gg.vmap(lambda a: gg.vmap(lambda b: both(f, a * w, b))(B))(A).sum()
    )(W),
    "grad of vmap of grad": lambda f: gg.grad(
        lambda w: gg.square(gg.vmap(lambda a: gg.grad(lambda u: both(f, u * w, a))(a))(A)).sum()
    )(W),
    "grad of vmap that closes over": lambda f: gg.grad(
        lambda w: gg.vmap(lambda a: (f(w, w) * a).sum())(A).sum()
    )(W),
    "jvp of vmap": lambda f: gg.jvp(lambda w: gg.vmap(lambda a: f(a, w))(A), (W,), (W,))[1],
    "hvp of vmap": lambda f: gg.hvp(lambda w: gg.vmap(lambda a: both(f, a, w))(A).sum(), W, W),
    "jacrev of vmap": lambda f: gg.jacrev(lambda w: gg.vmap(lambda a: f(a, w))(A))(W),
    "jacfwd of jacrev of linearize": lambda f: gg.jacfwd(
        gg.jacrev(lambda w: gg.linearize(lambda w: gg.vmap(lambda a: f(a, w))(A), w)[1](w))
    )(W),
}


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("program", PROGRAMS)
def test_as_the_plain_function(program, own):
    run = PROGRAMS[program]
    np.testing.assert_allclose(run(OWN[own]), run(plain), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("own", OWN)
def test_a_leaf_that_a_checkpoint_closes_over(own):
    w = gg.tensor(W, requires_grad=True)
    gg.vmap(lambda a: gg.checkpoint(lambda b: OWN[own](a * b, w).sum())(a))(A).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), np.sin(A * A).sum(0))
