"""Writes that gpugrad cannot know of: through arrays that the user holds."""

import numpy as np
import pytest

import gpugrad as gg


def test_tensor_copies_what_it_is_given(xp, device):
    array = xp.asarray([1.0, 2.0])
    t = gg.tensor(array, requires_grad=True)
    y = (t * t).sum()
    array[:] = 100.0
    y.backward()
    assert t.tolist() == [1, 2]
    assert t.grad.tolist() == [2, 4]


@pytest.mark.parametrize("kind", ["view", "matrix", "transposed", "other byte order", "dlpack"])
def test_tensor_copies_whatever_shares_memory(kind):
    base = np.array([[1.0, 2.0], [3.0, 4.0]])

    class Exporter:
        __dlpack__, __dlpack_device__ = base.__dlpack__, base.__dlpack_device__

    given = {
        "view": base[:, :1],
        "matrix": base.view(np.recarray),
        "transposed": base.T,
        "other byte order": base.astype(">f8"),
        "dlpack": Exporter(),
    }[kind]
    t = gg.tensor(given)
    before = t.tolist()
    base[:] = 100.0
    assert t.tolist() == before
    assert not np.shares_memory(t.numpy(), base)


def test_a_foreign_write_is_found_inside_the_block(device):
    x = gg.tensor([1.0, 2.0], device=device, requires_grad=True)
    with gg.guard_arrays():
        y = gg.sin(x).sum()
        x.data[0] = 5.0
        with pytest.raises(RuntimeError, match=r"kept for operand 'x' of sin was written to.*\n.*test_guard"):
            y.backward()


@pytest.mark.parametrize(
    "f", [lambda x, c: x * c, lambda x, c: gg.matmul(x, c), lambda x, c: gg.stack([x, x * c])]
)
def test_an_operand_that_is_a_plain_array(f):
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    constant = np.array([3.0, 4.0])
    with gg.guard_arrays():
        y = f(x, constant).sum()
        constant[0] = 5.0
        with pytest.raises(RuntimeError, match="was written to after the forward pass"):
            y.backward()


def test_without_a_write_nothing_is_said():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    with gg.guard_arrays():
        y = (gg.sin(x) * x + gg.softmax(x)).sum()
        y.backward(create_graph=True)
    assert x.grad is not None


def test_outside_of_the_block_a_foreign_write_is_not_looked_for():
    x = gg.tensor([1.0], requires_grad=True)
    y = (x * x).sum()
    x.numpy()[0] = 5.0
    y.backward()
    assert x.grad.tolist() == [10]


def test_another_thread_is_not_guarded():
    import threading

    x = gg.tensor([1.0], requires_grad=True)
    errors = []

    def other():
        try:
            y = (x * x).sum()
            x.numpy()[0] = 5.0
            y.backward()
        except RuntimeError as error:
            errors.append(error)

    with gg.guard_arrays():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert not errors
