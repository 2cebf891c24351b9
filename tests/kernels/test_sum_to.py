"""The sum that undoes a broadcast, against NumPy in float64, for every way in which it is launched."""

import numpy as np
import pytest

from gpugrad.backend import rowwise

SHAPES = [  # of the array, of the sum
    ((), ()),
    ((1,), ()),
    ((7,), ()),
    ((7,), (7,)),
    ((1, 7), (7,)),
    ((1023,), (1,)),
    ((70000,), ()),  # cut into chunks
    ((3, 40000), (3, 1)),
    ((2000, 3), (3,)),
    ((9000, 40), (40,)),
    ((2, 3000, 5), (2, 1, 5)),
    ((600, 8), (600, 1)),
    ((5, 1000), (1000,)),
    ((4, 5, 6), (4, 1, 6)),
    ((4, 5, 6), (1, 5, 1)),  # two passes
    ((2, 3, 4, 5, 6), (1, 3, 1, 5, 1)),  # three
    ((2, 3, 4, 5), (4, 1)),
    ((3, 4), (1, 1)),
]


@pytest.mark.parametrize(("shape", "target"), SHAPES)
def test_values(xp, check, dtype, shape, target):
    x = np.random.default_rng(7).normal(size=shape).astype(dtype)
    x64 = x.astype(np.float64)
    extra = len(shape) - len(target)
    axes = tuple(i for i, n in enumerate(shape) if i < extra or n != target[i - extra])
    sums = x64.sum(axes).reshape(target)
    scale = np.abs(x64).sum(axes).reshape(target)
    if dtype.itemsize == 2:  # a half type is rounded once, and float in between does not show
        scale = scale * 2.0**-10
    check(rowwise.sum_to(xp.asarray(x), shape=target), sums, dtype, scale, ulps=4)


@pytest.mark.parametrize(
    ("shape", "target"), [((0, 3), (3,)), ((3, 0), (3, 1)), ((0, 3), (1, 1)), ((0,), (0,))]
)
def test_an_empty_sum_is_zero(xp, dtype, shape, target):
    got = rowwise.sum_to(xp.empty(shape, dtype), shape=target)
    assert got.dtype == dtype
    assert got.get().tolist() == np.zeros(target).tolist()


def test_layouts(xp, check, dtype):
    x = np.random.default_rng(8).normal(size=(6, 5, 4)).astype(dtype)
    for view in (lambda a: a.T, lambda a: a[::2, ::-1, 1:], lambda a: a.transpose(1, 2, 0)):
        want = view(x).astype(np.float64).sum((0, 2)).reshape(5 if view(x).shape[1] == 5 else 4, 1)
        check(rowwise.sum_to(view(xp.asarray(x)), shape=want.shape), want, dtype, scale=8)


def test_a_broadcast_array(xp):
    ones = xp.broadcast_to(xp.ones((1, 3), "f"), (1000, 3))
    assert rowwise.sum_to(ones, shape=(3,)).tolist() == [1000] * 3


def test_a_long_sum_of_halves_is_taken_in_float(xp):
    # In float16 itself 2048 + 1 is 2048.
    assert rowwise.sum_to(xp.ones(40000, "e"), shape=()).item() == 40000


def test_the_same_numbers_give_the_same_bits(xp):
    x = xp.asarray(np.random.default_rng(9).normal(size=(9000, 40)).astype("f"))
    assert len({rowwise.sum_to(x, shape=(40,)).get().tobytes() for _ in range(3)}) == 1


@pytest.mark.parametrize("kind", ["F", "D", "i4", "i8"])
def test_other_numbers(xp, kind):
    x = xp.arange(12).reshape(3, 4).astype(kind)
    got = rowwise.sum_to(x, shape=(3, 1))
    assert got.dtype == kind
    assert got.tolist() == [[6], [22], [38]]


@pytest.mark.parametrize("shape", [(2,), (3, 4, 1), (4, 3)])
def test_a_shape_that_does_not_broadcast(xp, shape):
    with pytest.raises(ValueError, match="sum_to expects a shape that broadcasts"):
        rowwise.sum_to(xp.ones((3, 4)), shape=shape)
