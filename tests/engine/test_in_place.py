"""Tensors are values: ``t[i] = v`` gives a handle a new one. Under no_grad a leaf is written to."""

import numpy as np
import pytest

import gpugrad as gg


@pytest.fixture
def x(device):
    return gg.tensor([1.0, 2.0, 3.0], device=device, requires_grad=True)


# ---- t[i] = v ----


def test_setting_an_element_is_differentiated(x, device):
    v = gg.tensor(10.0, device=device, requires_grad=True)
    y = x * x
    y[1] = v * 3
    (y * gg.tensor([1.0, 2.0, 3.0], device=device)).sum().backward()
    assert x.grad.tolist() == [2, 0, 18]
    assert v.grad.item() == 6


def test_other_handles_keep_the_old_value(x):
    y = x * x
    other, view = y, y[:2]
    y = y * 1
    handle = y
    y[0] = 100.0
    assert y.tolist() == [100, 4, 9]
    assert handle is y
    assert other.tolist() == [1, 4, 9]
    assert view.tolist() == [1, 4]


def test_what_was_computed_before_keeps_its_gradient(x):
    y = x * 2
    before = (y * y).sum()
    y[:] = 0.0
    (before + y.sum()).backward()
    assert x.grad.tolist() == [8, 16, 24]


def test_a_constant_becomes_part_of_the_graph(x):
    t = gg.tensor([0.0, 0.0], device=x.device)
    t[0] = x[2] * 2
    assert t.requires_grad
    t.sum().backward()
    assert x.grad.tolist() == [0, 0, 2]


@pytest.mark.parametrize(
    ("key", "left"),
    [(slice(None, 2), [0, 0, 2]), ([0, 2], [0, 2, 0]), (..., [0, 0, 0]), (-1, [2, 2, 0])],
    ids=str,
)
def test_keys(x, key, left):
    y = 2 * x
    y[key] = 5.0
    y.sum().backward()
    assert x.grad.tolist() == left


def test_a_mask(x):
    y = 2 * x
    y[y > 3] = 0.0
    assert y.tolist() == [2, 0, 0]
    y.sum().backward()
    assert x.grad.tolist() == [2, 0, 0]


def test_a_loop_of_updates(x):
    y = x * 1
    for i in range(1, 3):
        y[i] = y[i - 1] * y[i]
    y[2].backward()
    assert x.grad.tolist() == [6, 3, 2]


def test_setting_an_element_of_the_array_given_to_a_function():
    given = np.array([1.0, 2.0])

    def f(t):
        t[0] = t[1] ** 2
        return t.sum()

    assert gg.grad(f)(given).tolist() == [0, 5]
    assert given.tolist() == [1, 2]


# ---- t += v ----


def test_augmented_assignment_makes_a_new_value(x):
    y = x * 2
    other = y
    y += 1
    y *= x
    y -= 0.5
    y /= 2
    y **= 2
    assert other.tolist() == [2, 4, 6]
    y.sum().backward()
    v = np.array([1.0, 2, 3])
    np.testing.assert_allclose(x.grad.numpy(), 2 * ((2 * v + 1) * v - 0.5) / 2 * (4 * v + 1) / 2)


# ---- leaves that require grad ----

AUGMENTED = {
    "+=": lambda w: w.__iadd__(1.0),
    "-=": lambda w: w.__isub__(1.0),
    "*=": lambda w: w.__imul__(2.0),
    "/=": lambda w: w.__itruediv__(2.0),
    "**=": lambda w: w.__ipow__(2),
    "%=": lambda w: w.__imod__(2.0),
    "//=": lambda w: w.__ifloordiv__(2.0),
    "[]=": lambda w: w.__setitem__(0, 7.0),
}


@pytest.mark.parametrize("name", AUGMENTED)
def test_a_leaf_is_not_changed_while_gradients_are_recorded(x, name):
    with pytest.raises(RuntimeError, match=r"leaf that requires grad.*no_grad\(\)"):
        AUGMENTED[name](x)
    assert x.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("+=", [2, 3, 4]),
        ("-=", [0, 1, 2]),
        ("*=", [2, 4, 6]),
        ("/=", [0.5, 1, 1.5]),
        ("**=", [1, 4, 9]),
        ("%=", [1, 0, 1]),
        ("//=", [0, 1, 1]),
        ("[]=", [7, 2, 3]),
    ],
)
def test_under_no_grad_a_leaf_is_written_to(x, name, expected):
    array, node = x.data, x.node
    with gg.no_grad():
        AUGMENTED[name](x)
    assert x.tolist() == expected
    assert x.data is array
    assert x.node is node
    assert x.requires_grad


def test_a_matrix_leaf_is_multiplied_in_place():
    w = gg.tensor(np.eye(2), requires_grad=True)
    node = w.node
    with pytest.raises(RuntimeError, match="leaf"):
        w @= np.ones((2, 2))
    with gg.no_grad():
        w @= np.ones((2, 2))
    assert w.node is node
    assert w.tolist() == [[1, 1], [1, 1]]


def test_gradient_descent_by_hand_keeps_the_leaf(x):
    leaf, node = x, x.node
    for _ in range(3):
        x.grad = None
        (x * x).sum().backward()
        with gg.no_grad():
            x -= 0.25 * x.grad
    assert x is leaf
    assert x.node is node
    np.testing.assert_allclose(x.numpy(), np.array([1.0, 2, 3]) / 8)
    assert x.dtype == np.float64


def test_a_float32_leaf_stays_float32_when_a_float64_is_written():
    w = gg.tensor([1.0], dtype="float32", requires_grad=True)
    with gg.no_grad():
        w -= gg.tensor([0.25])
    assert w.dtype == np.float32
    assert w.tolist() == [0.75]


# ---- assign_ ----


def test_assign_writes_into_the_leaf(x, device):
    array = x.data
    assert x.assign_(gg.tensor([7.0, 8.0, 9.0], device=device)) is x
    x.assign_(5.0)
    assert x.data is array
    assert x.tolist() == [5, 5, 5]
    assert x.requires_grad


def test_assign_is_for_leaves(x):
    with pytest.raises(RuntimeError, match="leaves only; a computed tensor is a value"):
        (x * 2).assign_(0.0)


def test_assign_needs_a_value_that_fits(x):
    with pytest.raises(ValueError, match="broadcast"):
        x.assign_(np.ones(2) if isinstance(x.data, np.ndarray) else gg.tensor([1.0, 1.0], device=x.device))
