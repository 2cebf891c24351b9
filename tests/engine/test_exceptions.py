"""An exception in the middle leaves nothing that a later call could meet."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.core.hooks import hooked
from gpugrad.core.modes import special, state


@pytest.fixture(autouse=True)
def _no_state_is_left():
    yield
    assert special == state.outer == []
    assert gg.is_grad_enabled()
    assert not hooked


@pytest.fixture
def fragile():
    """The identity, whose rule raises as long as ``fragile.broken``."""

    @gg.primitive
    def probe(xp, x):
        if x.size == 0:
            raise ArithmeticError("forward")
        return x * 1

    def rule(g):
        if probe.broken:
            raise ArithmeticError("backward")
        return g

    gg.by_hand(probe, vjp=(rule,), jvp=(rule,))
    probe.broken = True
    return probe


def test_a_body_that_raises(fragile):
    x = gg.tensor(np.zeros(0), requires_grad=True)
    with pytest.raises(ArithmeticError, match="forward"):
        fragile(x)
    (gg.exp(x)).sum().backward()
    assert x.grad.shape == (0,)


def test_a_rule_that_raises_leaves_every_gradient_as_it_was(fragile):
    a, b = (gg.tensor([1.0], requires_grad=True) for _ in range(2))
    y = (fragile(a) * b).sum()
    with pytest.raises(ArithmeticError, match="backward"):
        y.backward(retain_graph=True)
    assert a.grad is None
    assert b.grad is None
    fragile.broken = False
    y.backward()
    assert (a.grad.item(), b.grad.item()) == (1, 1)


def test_without_retain_graph_what_was_passed_is_freed(fragile):
    x = gg.tensor([1.0], requires_grad=True)
    y = fragile(x).sum()
    with pytest.raises(ArithmeticError):
        y.backward()
    fragile.broken = False
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_transforms_that_fail_inside(fragile, depth):
    f = lambda x: fragile(x) * x  # noqa: E731
    for _ in range(depth):
        f = gg.grad(f)
    with pytest.raises(ArithmeticError):
        f(2.0)
    with pytest.raises(ArithmeticError):
        gg.jvp(f, (2.0,), (1.0,))
    fragile.broken = False
    assert f(2.0) == [4, 2, 0][depth - 1]


def test_an_error_inside_no_grad_inside_a_transform():
    def f(x):
        with gg.no_grad(), gg.detect_anomaly():
            raise KeyError

    with pytest.raises(KeyError):
        gg.grad(f)(1.0)
    assert gg.grad(lambda x: x * x)(1.0) == 2


def test_anomaly_errors_while_a_gradient_is_deposited():
    big = np.finfo("float64").max
    x = gg.tensor([1.0], requires_grad=True)
    (x * big).sum().backward()
    with gg.detect_anomaly(), pytest.raises(FloatingPointError):
        (x * big).sum().backward()
    x.grad = None
    (x * 2).sum().backward()  # the leaf's lock is free
    assert x.grad.item() == 2


def test_gradients_that_overflow_when_they_are_added_say_nothing():
    big = np.finfo("float64").max
    x = gg.tensor([1.0], requires_grad=True)
    (x * big).sum().backward()
    (x * big).sum().backward()
    assert x.grad.item() == np.inf


def test_an_interrupt():
    x = gg.tensor(1.0, requires_grad=True)
    y = x * 2
    handle = y.register_hook(lambda g: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        (y * 3).backward(retain_graph=True)
    handle.remove()
    (y * 3).backward()
    assert x.grad.item() == 6
