"""An array that was written to after a graph kept it is found when the graph reads it."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.core import written

MESSAGE = "that {} saved for its gradient was changed in place.*compute the result again"


@pytest.fixture
def w(device):
    return gg.tensor([1.0, 2.0, 3.0, 4.0], device=device, requires_grad=True)


def test_an_update_between_forward_and_backward(w):
    y = (w * w).sum()
    with gg.no_grad():
        w -= 0.1
    with pytest.raises(RuntimeError, match=MESSAGE.format("multiply")):
        y.backward()
    assert w.grad is None


def test_assign(w):
    y = gg.sin(w).sum()
    w.assign_(0.0)
    with pytest.raises(RuntimeError, match=MESSAGE.format("sin")):
        y.backward()


def test_what_keeps_nothing_of_the_leaf_is_not_concerned(w):
    y = (gg.tanh(w) + w).sum()  # tanh keeps its own result
    w.assign_(0.0)
    y.backward()
    np.testing.assert_allclose(w.grad.numpy(), 2 - np.tanh([1.0, 2, 3, 4]) ** 2)


def test_the_result_computed_again_is_right(w):
    stale = (w * w).sum()
    w.assign_(5.0)
    (w * w).sum().backward()
    assert w.grad.tolist() == [10, 10, 10, 10]
    with pytest.raises(RuntimeError, match="changed in place"):
        stale.backward()


@pytest.mark.parametrize(
    "view", [lambda x: x[1:3], lambda x: x.reshape(2, 2), lambda x: x[::2][1:], lambda x: x.T, gg.positive]
)
def test_views_of_what_was_written(w, view):
    y = gg.exp(view(w) * 2).sum()
    z = gg.square(view(w)).sum()
    w.assign_(0.0)
    y.backward()  # exp keeps its result, the product a number
    if view is gg.positive:
        z.backward()
        return
    with pytest.raises(RuntimeError, match=MESSAGE.format("square")):
        z.backward()


def test_a_write_through_a_view(w):
    y = (w * w).sum()
    part = w.data[1:2]
    part += 1
    written(part)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_detached_handle_writes_to_the_same_memory(w):
    y = (w * w).sum()
    w.detach().assign_(0.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_an_optimiser_that_writes_to_arrays_says_so(w):
    """What an optimiser does: its kernel writes to ``data``, then ``written`` is called."""
    y = (w * w * w).sum()
    w.data[...] = 0
    written(w.data)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_forward_mode_finds_it_too(w):
    def f(x):
        y = w * x
        w.assign_(0.0)
        return y

    one = w.detach().copy()
    with pytest.raises(RuntimeError, match="changed in place"):
        gg.jvp(f, (one,), (one,))


def test_a_graph_that_is_kept_is_checked_each_time(w):
    y = (w * w).sum()
    y.backward(retain_graph=True)
    w.assign_(0.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_an_array_at_the_address_of_one_that_was_written_to():
    for _ in range(50):
        w = gg.tensor([1.0], requires_grad=True)
        w.assign_(2.0)
        del w
        v = gg.tensor([1.0], requires_grad=True)
        y = v * v
        y.backward()


def test_no_record_of_dead_arrays_is_kept():
    from gpugrad.core.writes import _stamps

    before = len(_stamps)
    for _ in range(10):
        gg.tensor([1.0], requires_grad=True).assign_(2.0)
    assert len(_stamps) == before
