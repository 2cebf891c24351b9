"""What ``gg.primitive`` and the rule forms say to a mistake."""

import numpy as np
import pytest

import gpugrad as gg


@pytest.fixture
def cube():
    @gg.primitive
    def cube(xp, x):
        """Third power."""
        return x * x * x

    gg.elementwise(cube, lambda t, x: 3 * t * x * x)
    return cube


def test_a_primitive_without_a_rule_says_so_where_it_is_called():
    @gg.primitive
    def bare(xp, x):
        return x * 2

    assert bare(gg.tensor(1.0)).item() == 2
    x = gg.tensor(1.0, requires_grad=True)
    with pytest.raises(
        TypeError, match=r"bare has no derivative rule.*gpugrad\.elementwise.*nondifferentiable"
    ):
        bare(x)
    with gg.no_grad():
        assert bare(x).item() == 2


def test_a_missing_forward_rule():
    @gg.primitive
    def one_way(xp, a, b):
        return a * b

    gg.by_hand(one_way, vjp=(lambda g, b: g * b, lambda g, a: g * a), jvp=(lambda t, b: t * b, None))
    assert gg.grad(one_way, 1)(2.0, 3.0) == 2
    assert gg.jvp(lambda a: one_way(a, 3.0), (2.0,), (1.0,))[1] == 3
    with pytest.raises(
        TypeError, match=r"one_way has no forward rule; give gpugrad.by_hand a jvp for operand 'b'"
    ):
        gg.jvp(lambda b: one_way(2.0, b), (3.0,), (1.0,))


@pytest.mark.parametrize(
    ("give", "error", "message"),
    [
        (lambda f: gg.elementwise(f, lambda t, z: t * z), ValueError, r"reads 'z'; it can read x, y"),
        (
            lambda f: gg.elementwise(f, lambda t, x_size: t),
            ValueError,
            "reads 'x_size'.*NAME_shape or NAME_dtype",
        ),
        (
            lambda f: gg.elementwise(f, lambda t, *, axis: t),
            ValueError,
            "takes the parameter 'axis'; it has none",
        ),
        (lambda f: gg.elementwise(f, lambda: 1), TypeError, "first parameter is the cotangent or tangent"),
        (lambda f: gg.elementwise(f, np.cos), TypeError, "has to be a Python function"),
        (lambda f: gg.elementwise(f), ValueError, r"f takes 1 rule\(s\), for x; got 0 reverse"),
        (
            lambda f: gg.elementwise(f, lambda t: t, lambda t: t),
            ValueError,
            r"takes 1 rule\(s\), for x; got 2",
        ),
        (lambda f: gg.by_hand(f, (lambda g: g,), ()), ValueError, "got 1 reverse and 0 forward"),
    ],
)
def test_rules_that_do_not_fit(give, error, message):
    @gg.primitive
    def f(xp, x):
        return x

    with pytest.raises(error, match=message):
        give(f)
    gg.elementwise(f, lambda t: t)
    assert gg.grad(f)(1.0) == 1


def test_rules_are_given_once(cube):
    with pytest.raises(ValueError, match="cube has its rules already"):
        gg.elementwise(cube, lambda t: t)


@pytest.mark.parametrize("exact, operands", [(True, 2), (lambda x: True, 1)])
def test_exact_is_of_the_kind_that_the_operands_need(exact, operands):
    @gg.primitive
    def one(xp, x):
        return x

    @gg.primitive
    def two(xp, x, y):
        return x + y

    rules = (lambda g: g,) * operands
    with pytest.raises(TypeError, match=rf"with {operands} operands exact has to be"):
        gg.by_hand((one, two)[operands - 1], vjp=rules, jvp=rules, exact=exact)


def test_linear_is_for_one_operand():
    @gg.primitive
    def joined(xp, *xs):
        return xp.stack(xs)

    with pytest.raises(ValueError, match=r"takes \*xs; linear is for one operand"):
        gg.linear(joined, lambda g, i: g[i])

    @gg.primitive
    def added(xp, a, b):
        return a + b

    with pytest.raises(ValueError, match=r"takes 2 rule\(s\), for a, b"):
        gg.linear(added, lambda g: g)


@pytest.mark.parametrize(
    "body",
    [
        lambda x: x,
        lambda: 1,
        lambda xp, x, axis=0: x,
        lambda xp, x, *xs: x,
    ],
)
def test_bodies_that_are_no_primitives(body):
    with pytest.raises(TypeError, match=r"then arrays by position.*by keyword only.*got <lambda>\("):
        gg.primitive(body)


def test_operands_that_are_neither_arrays_nor_numbers(cube):
    for wrong in ("2", None, {1: 2}, object()):
        with pytest.raises(TypeError, match="cube: expected a NumPy or CuPy array or a number"):
            cube(wrong)


def test_too_few_operands():
    with pytest.raises(TypeError, match=r"add\(\) missing 1 required positional argument"):
        gg.add(gg.tensor(1.0))
