"""Hooks on tensors: they see a gradient when it is complete, and may replace it."""

import gc
import weakref

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.core.hooks import hooked


@pytest.fixture(autouse=True)
def _no_hook_is_left():
    yield
    gc.collect()
    assert not hooked


def test_a_hook_sees_the_sum_of_all_contributions(device):
    x = gg.tensor([1.0, 2.0], device=device, requires_grad=True)
    seen = []
    y = x * x
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y + 2 * y).sum().backward()
    assert seen == [[3.0, 3.0]]
    np.testing.assert_array_equal(x.grad.numpy(), [6, 12])


def test_a_hook_replaces_the_gradient_on_its_way():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [20, 40])


def test_a_hook_on_a_leaf_changes_what_is_added():
    x = gg.tensor([1.0, 20.0], requires_grad=True)
    x.register_hook(lambda g: gg.clip(g, -5, 5))
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 5])


def test_a_leaf_without_dimensions_gives_its_hook_a_tensor():
    x = gg.tensor(2.0, requires_grad=True)
    seen = []
    x.register_hook(seen.append)
    (x * x).backward()
    assert isinstance(seen[0].data, np.ndarray)
    assert seen[0].item() == 4


def test_several_hooks_run_in_order_each_on_the_result_of_the_last():
    x = gg.tensor(1.0, requires_grad=True)
    x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    (x * 1).backward()
    assert x.grad.item() == 20


def test_a_removed_hook_is_not_called():
    x = gg.tensor(1.0, requires_grad=True)
    first = x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    first.remove()
    first.remove()
    (x * 1).backward()
    assert x.grad.item() == 10


def test_the_last_hook_removed_leaves_nothing_behind():
    x = gg.tensor(1.0, requires_grad=True)
    x.register_hook(lambda g: g * 2).remove()
    assert not hooked
    x.register_hook(lambda g: g * 3)
    (x * 1).backward()
    assert x.grad.item() == 3


def test_a_hook_is_called_once_for_each_backward():
    x = gg.tensor(1.0, requires_grad=True)
    seen = []
    y = x * 2
    y.register_hook(seen.append)
    y.backward(retain_graph=True)
    y.backward()
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (lambda g: g.sum(), ValueError, r"that a hook returns has to have shape \(2,\), got \(\)"),
        (
            lambda g: g.astype("float32"),
            TypeError,
            "that a hook returns has to have dtype float64, got float32",
        ),
        (lambda g: np.ones(2, "int64"), TypeError, "dtype float64, got int64"),
    ],
)
def test_a_hook_that_returns_no_such_gradient(result, error, message):
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(result)
    with pytest.raises(error, match=message):
        (x * x).sum().backward()
    assert x.grad is None


def test_a_hook_may_return_an_array():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda g: np.array([7.0, 8.0]))
    (x * x).sum().backward()
    assert x.grad.tolist() == [7, 8]


def test_a_complex_gradient_points_uphill_in_a_hook_too():
    z = gg.tensor(1 + 2j, requires_grad=True)
    seen = []
    z.register_hook(lambda g: seen.append(g.item()))
    gg.real(z * z).backward()
    assert seen == [2 - 4j] == [z.grad.item()]


def test_hooks_take_part_in_higher_derivatives():
    x = gg.tensor(2.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * x)
    y.backward(create_graph=True)  # x * 2x
    g, x.grad = x.grad, None
    g.backward()
    assert x.grad.item() == 8


def test_hooks_run_in_transforms():
    def f(x):
        y = x * x
        y.register_hook(lambda g: g * 5)
        return y

    assert gg.grad(f)(3.0) == 30


def test_a_hook_needs_a_tensor_that_requires_grad():
    with pytest.raises(RuntimeError, match="needs a tensor that requires grad"):
        gg.tensor(1.0).register_hook(print)


def test_a_hook_keeps_no_graph_alive():
    x = gg.tensor([1.0], requires_grad=True)
    y = gg.exp(x)
    node = weakref.ref(y.node)
    y.register_hook(lambda g: g)
    gc.disable()
    try:
        del y
        assert node() is None
    finally:
        gc.enable()
