"""LayerNorm: what it computes, its parameters, its errors, and rows that are hard to normalise."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad import nn


def rows(device, dtype="float32"):
    return gg.tensor(np.random.default_rng(0).normal(3, 2, (4, 2, 6)).astype(dtype), device=device)


def test_the_last_axes_have_mean_0_and_variance_1(device):
    for sizes, axes in ((6, (2,)), ((2, 6), (1, 2))):
        y = nn.LayerNorm(sizes, device=device)(rows(device)).numpy()
        np.testing.assert_allclose(y.mean(axes), 0, atol=1e-6)
        np.testing.assert_allclose(y.var(axes), 1, rtol=1e-4)


def test_parameters(device):
    layer = nn.LayerNorm((2, 6), device=device)
    assert [(name, p.shape) for name, p in layer.named_parameters()] == [("weight", (2, 6)), ("bias", (2, 6))]
    (layer(rows(device)) ** 2).sum().backward()
    np.testing.assert_allclose(layer.bias.grad.numpy(), 2 * layer(rows(device)).numpy().sum(0), rtol=1e-4)
    assert nn.LayerNorm(6, affine=False, device=device).parameters() == []


@pytest.mark.parametrize("sizes", [0, (), (3, 0)])
def test_lengths_it_cannot_have(sizes):
    with pytest.raises(ValueError, match="needs the lengths of its axes"):
        nn.LayerNorm(sizes)


def test_an_input_of_another_shape():
    with pytest.raises(ValueError, match=r"last axes \(5,\) got an input of shape \(4, 2, 6\)"):
        nn.LayerNorm(5, device="cpu")(rows("cpu"))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numbers_whose_squares_overflow(device, dtype):
    large = float(np.finfo(dtype).max) / 4
    x = gg.tensor(np.array([[-large, large], [1, 3], [0, 0]], dtype), device=device, requires_grad=True)
    y = gg.layer_norm(x, eps=1e-3)
    np.testing.assert_allclose(y.numpy(), [[-1, 1], [-0.9995, 0.9995], [0, 0]], rtol=1e-3)
    y.backward(gg.tensor(np.array([[1, 0], [1, 0], [1, 0]], dtype), device=device))
    slopes = x.grad.numpy()
    np.testing.assert_allclose(slopes[0], 0, atol=1e-4)
    np.testing.assert_allclose(slopes[2], [0.5 / np.sqrt(1e-3), -0.5 / np.sqrt(1e-3)], rtol=1e-3)


def test_half_types_are_summed_in_float32(device):
    x = gg.tensor((30 + np.arange(4096) % 2).astype("float16"), device=device)
    y = gg.layer_norm(x).numpy()  # the sum, 124,928, is beyond float16
    np.testing.assert_array_equal(np.unique(y), [-1, 1])


def test_what_is_nan_stays_in_its_row(device):
    x = gg.tensor(np.array([[np.nan, 1, 2], [np.inf, 1, 2], [1, 2, 3]]), device=device)
    y = gg.layer_norm(x).numpy()
    assert np.isnan(y[:2]).all()
    assert np.isfinite(y[2]).all()
