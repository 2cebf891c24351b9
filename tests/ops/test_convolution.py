"""Convolution and pooling beyond their rows: blocks, half types, NaN, integers, memory."""

import tracemalloc

import numpy as np
import pytest
from table.running import host

import gpugrad as gg
from gpugrad.ops import patches
from gpugrad.ops.patches import blocks
from gpugrad.ops.spatial import Field, layout_of

rng = np.random.default_rng(0)


def outcome(device, x, w, g, **how):
    """The convolution and both of its gradients, on the host."""
    x, w, g = [gg.tensor(a, device=device) for a in (x, w, g)]
    y, pull = gg.vjp(lambda x, w: gg.conv2d(x, w, **how), x, w)
    return [host(a) for a in (y, *pull(g))]


HOW = {"stride": (2, 1), "padding": (2, 1), "groups": 2}
X, W, G = rng.normal(size=(5, 4, 9, 8)), rng.normal(size=(6, 2, 3, 2)), rng.normal(size=(5, 6, 6, 9))


@pytest.mark.parametrize("few_places", [0, 1000])
@pytest.mark.parametrize("workspace", [1, 3000, 12_000, 60_000])
def test_blocks_do_not_change_the_result(workspace, few_places, device, monkeypatch):
    """One row at a time, some rows of an image, and some of the images."""
    whole = outcome(device, X, W, G, **HOW)
    monkeypatch.setattr(patches, "WORKSPACE", {True: workspace, False: workspace})
    monkeypatch.setattr(patches, "FEW_PLACES", few_places)
    for got, want in zip(outcome(device, X, W, G, **HOW), whole, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("images", [0, 1, 7])
@pytest.mark.parametrize("workspace", [1, 700, 5000, 1 << 20])
def test_blocks_fit_the_workspace_and_meet_every_place_once(images, workspace, monkeypatch):
    monkeypatch.setattr(patches, "WORKSPACE", {True: workspace})
    field = Field((9, 6), (3, 2), layout_of((3, 2), 1, 1, of="test"))
    rows, columns = field.places
    met = np.zeros((images, rows), int)
    for some, strip in blocks(np, images, field, 8):
        met[some, strip] += 1
        taken = met[some, strip].size * columns * 8
        assert taken <= max(workspace, columns * 8)
    assert (met == 1).all()


def test_memory_is_bounded():
    """All columns of these images together would take 9 times their 8 MB."""
    x, w = np.zeros((32, 16, 64, 64), "float32"), np.zeros((2, 16, 3, 3), "float32")
    y, pull = gg.vjp(lambda x, w: gg.conv2d(x, w, padding=1), x, w)
    tracemalloc.start()
    gg.conv2d(x, w, padding=1)
    pull(y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes + 4 * patches.WORKSPACE[True] + (4 << 20)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types_are_summed_in_float32(dtype, device):
    """4,096 ones and a half: sums in half precision would stop growing at 2,048 or 256."""
    pytest.importorskip("ml_dtypes")
    x = gg.tensor(np.ones((1, 64, 8, 8)), dtype=dtype, device=device)
    w = gg.tensor(np.ones((1, 64, 8, 8)), dtype=dtype, device=device)
    y, pull = gg.vjp(gg.conv2d, x, w)
    assert (y.dtype, y.item()) == (x.dtype, 4096)
    assert [g.dtype for g in pull(gg.tensor(np.ones((1, 1, 1, 1)), dtype=dtype, device=device))] == [
        x.dtype
    ] * 2
    many = gg.tensor(np.ones((4096, 1, 1, 1)), dtype=dtype, device=device)
    kernel = gg.tensor(np.ones((1, 1, 1, 1)), dtype=dtype, device=device)
    assert gg.grad(lambda w: gg.sum(gg.conv2d(many, w)))(kernel).item() == 4096
    assert gg.avg_pool2d(x * 1000, 8).shape == (1, 64, 1, 1)
    assert float(host(gg.avg_pool2d(x * 1000, 8)).astype("float32").max()) == pytest.approx(1000, rel=1e-2)


def test_integers(device):
    x = gg.tensor(np.arange(16).reshape(1, 1, 4, 4), device=device)
    w = gg.tensor(np.array([[[[1, 0], [0, -1]]]]), device=device)
    np.testing.assert_array_equal(host(gg.conv2d(x, w)), np.full((1, 1, 3, 3), -5))
    np.testing.assert_array_equal(host(gg.max_pool2d(-x, 3, stride=2, padding=1))[0, 0], [[0, -1], [-4, -5]])
    np.testing.assert_array_equal(host(gg.avg_pool2d(x, 2))[0, 0], [[2.5, 4.5], [10.5, 12.5]])
    flags = gg.tensor([[True, False], [False, False]], device=device)
    np.testing.assert_array_equal(host(gg.max_pool2d(flags, 2, stride=1, padding=1)).sum(), 4)


def test_nan_reaches_the_windows_that_have_it(device):
    x = np.arange(25.0).reshape(5, 5)
    x[1, 3] = np.nan
    y = host(gg.max_pool2d(gg.tensor(x, device=device), 3, stride=2, padding=1))
    np.testing.assert_array_equal(np.isnan(y), [[False, True, True], [False, True, True], [False] * 3])


def test_many_ties_in_a_large_window(device):
    """More than a byte can count."""
    x = gg.tensor(np.ones((17, 16)), device=device)
    np.testing.assert_allclose(host(gg.grad(lambda x: gg.sum(gg.max_pool2d(x, (17, 16))))(x)), 1 / 272)


def test_examples_with_kernels_of_their_own_and_none_at_all():
    x, w = rng.normal(size=(3, 2, 4, 5, 5)), rng.normal(size=(3, 6, 2, 2, 2))
    both = gg.vmap(lambda x, w: gg.conv2d(x, w, groups=2))
    assert both(x, w).shape == (3, 2, 6, 4, 4)
    assert both(x[:0], w[:0]).shape == (0, 2, 6, 4, 4)


def test_gradients_of_each_example():
    """By hand: the gradient of one example after the other."""
    x, w = rng.normal(size=(4, 2, 6, 6)), rng.normal(size=(3, 2, 3, 3))

    def loss(w, x):
        return gg.sum(gg.max_pool2d(gg.tanh(gg.conv2d(x, w, padding=1)), 2) ** 2)

    got = gg.vmap(gg.grad(loss), (None, 0))(w, x)
    np.testing.assert_allclose(got, np.stack([gg.grad(loss)(w, one) for one in x]), rtol=1e-12)


def test_transpose_means_transpose():
    x, y = rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(2, 4, 4, 3))
    w = rng.normal(size=(4, 3, 3, 2))
    there = gg.conv2d(x, w, stride=2, padding=(1, 0))
    back = gg.conv_transpose2d(y, w, stride=2, padding=(1, 0))
    assert there.shape == y.shape
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(there * y), np.sum(x * back), rtol=1e-12)
