"""A gradient shares its memory with no other array."""

from itertools import combinations

import numpy as np
import pytest

import gpugrad as gg


def apart(*tensors):
    for a, b in combinations(tensors, 2):
        assert not np.shares_memory(a.numpy(), b.numpy())
    for t in tensors:
        assert t.numpy().flags.writeable


def leaves(*shapes):
    return [gg.tensor(np.ones(shape), requires_grad=True) for shape in shapes]


def test_operands_that_are_handed_the_same_cotangent():
    a, b = leaves(3, 3)
    seed = gg.tensor(np.ones(3))
    (a + b).backward(seed)
    apart(a.grad, b.grad, seed)


def test_the_seed_of_a_leaf():
    (a,) = leaves(3)
    seed = np.ones(3)
    a.backward(seed)
    apart(a.grad, gg.core.make(seed))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.reshape(3, 2),
        lambda x: x.T,
        lambda x: x[::-1],
        lambda x: x.sum(),
        lambda x: x.sum(0),
        lambda x: x.mean(),
        lambda x: gg.flip(x),
        lambda x: gg.broadcast_to(x, (4, 2, 3)),
        lambda x: gg.concatenate([x, x]),
        lambda x: x.real,
        lambda x: gg.expand_dims(x, 0),
    ],
)
def test_operations_whose_transpose_is_a_view(view):
    a, b = leaves((2, 3), (2, 3))
    y = view(a) + view(b)
    seed = gg.tensor(np.ones(y.shape))
    y.backward(seed, retain_graph=True)
    apart(a.grad, b.grad, seed)
    y.backward(seed)
    np.testing.assert_array_equal(seed.numpy(), np.ones(y.shape))
    np.testing.assert_array_equal(a.grad.numpy(), b.grad.numpy())


def test_parts_of_one_array():
    a, b = leaves(2, 2)
    gg.concatenate([a, b]).sum().backward()
    apart(a.grad, b.grad)


def test_a_gradient_and_what_a_hook_has_kept():
    (a,) = leaves(3)
    kept = []
    a.register_hook(kept.append)
    (a * 2).sum().backward()
    before = a.grad.numpy().copy()
    (a * 2).sum().backward()
    np.testing.assert_array_equal(kept[0].numpy(), before)


def test_gradients_of_transforms_are_the_callers_own():
    x = np.ones(3)
    ga, gb = gg.grad(lambda a, b: ((a + b) * 2).sum(), (0, 1))(x, x)
    ga += 1
    assert gb.tolist() == [2, 2, 2]
    g = gg.grad(lambda a: a.sum())(x)
    g += 1
    assert x.tolist() == [1, 1, 1]
    cotangent = np.ones(3)
    _, pull = gg.vjp(lambda a, b: (a, b + a[0]), x, x)
    for g in pull((cotangent, cotangent)):
        g *= 0
    assert cotangent.tolist() == [1, 1, 1]
    direction = np.ones(3)
    _, (t1, t2) = gg.jvp(lambda a: (a, a.reshape(3, 1)), (x,), (direction,))
    t1 *= 0
    t2 *= 0
    assert direction.tolist() == [1, 1, 1]
