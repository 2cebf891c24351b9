"""``defvjp`` and ``defjvp``: rules of a primitive for one direction at a time."""

import numpy as np
import pytest

import gpugrad as gg


@pytest.fixture
def wave():
    @gg.primitive
    def wave(xp, a, b, *, k=1.0):
        return xp.sin(a) * b * k

    return wave


REVERSE = (lambda g, a, b, *, k: g * gg.cos(a) * b * k, lambda g, a, *, k: g * gg.sin(a) * k)
FORWARD = (lambda t, a, b, *, k: t * gg.cos(a) * b * k, lambda t, a, *, k: t * gg.sin(a) * k)


def test_reverse_alone(wave, xp):
    gg.defvjp(wave, *REVERSE)
    a, b = xp.asarray([0.5, 1.0]), xp.asarray([2.0, 3.0])
    ga, gb = gg.grad(lambda a, b: wave(a, b, k=2.0).sum(), (0, 1))(a, b)
    np.testing.assert_allclose(gg.tensor(ga).numpy(), 2 * np.cos([0.5, 1.0]) * [2, 3])
    np.testing.assert_allclose(gg.tensor(gb).numpy(), 2 * np.sin([0.5, 1.0]))
    np.testing.assert_allclose(gg.grad(gg.grad(wave))(0.5, 2.0), -2 * np.sin(0.5))
    with pytest.raises(TypeError, match=r"wave has no forward rule for operand 'a'.*gpugrad\.defjvp\(wave"):
        gg.jvp(lambda a: wave(a, 2.0), (0.5,), (1.0,))


def test_forward_alone(wave):
    gg.defjvp(wave, *FORWARD)
    np.testing.assert_allclose(gg.jvp(wave, (0.5, 2.0), (1.0, 1.0))[1], np.cos(0.5) * 2 + np.sin(0.5))
    with pytest.raises(TypeError, match=r"wave has no reverse rule for operand 'b'.*gpugrad\.defvjp\(wave"):
        gg.grad(wave, 1)(0.5, 2.0)


@pytest.mark.parametrize("forward_first", [False, True])
def test_both(wave, forward_first):
    halves = [(gg.defvjp, REVERSE), (gg.defjvp, FORWARD)]
    for give, rules in reversed(halves) if forward_first else halves:
        give(wave, *rules)
    gg.testing.check_grads(wave, (np.array([0.5, 1.0]), 2.0), order=3)
    with pytest.raises(ValueError, match="wave has its reverse rules already"):
        gg.defvjp(wave, *REVERSE)
    with pytest.raises(ValueError, match="wave has its forward rules already"):
        gg.defjvp(wave, *FORWARD)
    with pytest.raises(ValueError, match="wave has its rules already"):
        gg.elementwise(wave, *FORWARD)


def test_some_operands(wave):
    gg.defvjp(wave, REVERSE[1], argnums=(1,))
    np.testing.assert_allclose(gg.grad(wave, 1)(0.5, 2.0), np.sin(0.5))
    with pytest.raises(TypeError, match="wave has no reverse rule for operand 'a'"):
        gg.grad(wave, 0)(0.5, 2.0)


def test_none_is_zero(wave):
    gg.defvjp(wave, REVERSE[0], None)
    np.testing.assert_allclose(gg.grad(wave, (0, 1))(0.5, 2.0), (np.cos(0.5) * 2, 0))


def test_any_number_of_operands():
    @gg.primitive
    def total(xp, *xs):
        return sum(xs)

    gg.defvjp(total, lambda g, i: g)
    assert gg.grad(total, (0, 1))(1.0, 2.0) == (1, 1)
    with pytest.raises(TypeError, match="total has no forward rule for operand 'xs'"):
        gg.jvp(total, (1.0, 2.0), (1.0, 1.0))
    gg.defjvp(total, lambda t, i: t)
    assert gg.jvp(total, (1.0, 2.0), (1.0, 1.0))[1] == 2


@pytest.mark.parametrize(
    ("give", "error", "message"),
    [
        (lambda f: gg.defvjp(f, lambda g, c: g), ValueError, "reads 'c'; it can read a, b, y"),
        (lambda f: gg.defvjp(f, lambda g: g, argnums=(2,)), ValueError, r"got 1 reverse .* number \[2\]"),
        (lambda f: gg.defjvp(f, *[lambda t: t] * 3), ValueError, r"got 3 forward rule\(s\)"),
        (lambda f: gg.defjvp(f, *[lambda t: t] * 2, argnums=(0, 0)), ValueError, "has the operands a, b"),
        (lambda f: gg.defvjp(f, np.cos), TypeError, "has to be a Python function"),
    ],
)
def test_mistakes_leave_the_primitive_as_it_was(wave, give, error, message):
    with pytest.raises(error, match=message):
        give(wave)
    gg.defvjp(wave, *REVERSE)
    np.testing.assert_allclose(gg.grad(wave)(0.5, 2.0), np.cos(0.5) * 2)


def test_other_forms_are_whole():
    with pytest.raises(ValueError, match="sin has its forward rules already"):
        gg.defjvp(gg.sin, lambda t: t)
