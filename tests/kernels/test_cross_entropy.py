"""Cross-entropy of logits and its gradient against float64; labels that are wrong."""

import numpy as np
import pytest

from gpugrad.backend import rowwise


def reference(logits, labels):
    x = logits - logits.max(1, keepdims=True)
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    losses = np.log(np.exp(x).sum(1)) - x[np.arange(len(x)), labels]
    return losses, p - np.eye(x.shape[1])[labels]


@pytest.mark.parametrize("shape", [(1, 1), (7, 10), (5, 64), (3, 1023), (2, 4096)])
def test_values_and_gradients(xp, check, dtype, shape):
    rng = np.random.default_rng(5)
    logits = rng.normal(scale=3, size=shape).astype(dtype)
    labels = rng.integers(shape[1], size=shape[0])
    g = rng.normal(size=shape[0]).astype(dtype)
    losses, slopes = reference(logits.astype(np.float64), labels)
    on_gpu = xp.asarray(logits), xp.asarray(labels)
    # A loss is a difference of terms of the size of the logits.
    check(rowwise.cross_entropy(*on_gpu), losses, dtype, scale=8, ulps=4)
    g64 = g.astype(np.float64)[:, None]
    got = rowwise.cross_entropy_grad(xp.asarray(g), *on_gpu)
    check(got, slopes * g64, dtype, scale=np.abs(g64), ulps=4)


def test_layouts(xp, check, dtype):
    rng = np.random.default_rng(6)
    logits, labels = rng.normal(size=(8, 6)).astype(dtype), rng.integers(3, size=8)
    got = rowwise.cross_entropy(xp.asarray(logits).T[:3].T[::2], xp.asarray(labels, dtype=np.int8)[::2])
    check(got, reference(logits[::2, :3].astype(np.float64), labels[::2])[0], dtype, scale=4)


def test_no_rows(xp, dtype):
    logits, labels = xp.empty((0, 4), dtype), xp.empty(0, int)
    assert rowwise.cross_entropy(logits, labels).shape == (0,)
    assert rowwise.cross_entropy_grad(xp.empty(0, dtype), logits, labels).shape == (0, 4)


def test_no_columns(xp):
    losses = rowwise.cross_entropy(xp.empty((2, 0)), xp.zeros(2, int))
    assert np.isnan(losses.get()).all()


def test_one_cotangent_for_all(xp):
    logits, labels = xp.zeros((3, 2)), xp.zeros(3, int)
    got = rowwise.cross_entropy_grad(xp.asarray(2.0), logits, labels)
    assert got.tolist() == [[-1, 1]] * 3


@pytest.mark.parametrize("label", [-1, 2, 2**62, -(2**63)])
def test_a_label_that_is_no_column_gives_nan(xp, label):
    logits, labels = xp.zeros((2, 2)), xp.asarray([1, label])
    losses = rowwise.cross_entropy(logits, labels).get()
    assert np.isnan(losses).tolist() == [False, True]
    slopes = rowwise.cross_entropy_grad(xp.ones(2), logits, labels).get()
    assert np.isnan(slopes).tolist() == [[False] * 2, [True] * 2]


@pytest.mark.parametrize(
    ("logits", "labels", "kind"),
    [((2, 3), (3,), int), ((2, 3), (2,), float), ((2, 3), (2, 1), int), ((3,), (3,), int)],
)
def test_arguments_that_do_not_fit(xp, logits, labels, kind):
    with pytest.raises(TypeError, match="cross_entropy expects logits of shape"):
        rowwise.cross_entropy(xp.zeros(logits), xp.zeros(labels, kind))
