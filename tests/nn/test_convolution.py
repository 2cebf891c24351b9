"""Layers of convolutional networks compute what their functions do, and train."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad import nn, optim


def test_layers_are_their_functions(device):
    layer = nn.Conv2d(4, 6, (3, 2), stride=2, padding=1, dilation=(1, 2), groups=2, seed=0, device=device)
    layer.bias.assign_(gg.tensor(np.arange(6.0), device=device))
    x = gg.tensor(np.random.default_rng(0).normal(size=(2, 4, 7, 8)), dtype="float32", device=device)
    want = gg.conv2d(x, layer.weight, layer.bias, stride=2, padding=1, dilation=(1, 2), groups=2)
    np.testing.assert_array_equal(layer(x).detach().numpy(), want.detach().numpy())
    pooled = nn.MaxPool2d(3, stride=2, padding=1)(x)
    np.testing.assert_array_equal(pooled.numpy(), gg.max_pool2d(x, 3, stride=2, padding=1).numpy())
    np.testing.assert_array_equal(nn.Flatten()(x).numpy(), x.numpy().reshape(2, -1))
    assert nn.Flatten()(x[:0]).shape == (0, 4 * 7 * 8)


def test_initial_weights():
    layer = nn.Conv2d(32, 64, 5, groups=2, seed=3, device="cpu")
    weight = layer.weight.numpy()
    assert weight.shape == (64, 16, 5, 5)
    assert weight.dtype == np.float32
    assert np.var(weight) == pytest.approx(2 / (16 * 25), rel=0.03)
    assert not layer.bias.numpy().any()
    assert [name for name, _ in nn.Conv2d(1, 2, 3, bias=False, device="cpu").named_parameters()] == ["weight"]


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="got 0, 3 and groups=1"):
        nn.Conv2d(0, 3, 3)
    with pytest.raises(ValueError, match="got 4, 3 and groups=2"):
        nn.Conv2d(4, 3, 3, groups=2)
    with pytest.raises(ValueError, match="kernel_size has to be a number or a pair"):
        nn.Conv2d(1, 1, (3, 3, 3))


def test_a_network_learns_where_a_bright_spot_is(device):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 64)
    images = rng.normal(size=(64, 1, 8, 8)) * 0.3
    for image, label in zip(images, labels, strict=True):
        image[0, 4 * (label // 2) + 1, 4 * (label % 2) + 2] += 4
    x, y = gg.tensor(images, dtype="float32", device=device), gg.tensor(labels, device=device)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding="same", seed=1, device=device),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(16, 4, init="glorot", seed=2, device=device),
    )
    adam = optim.Adam(model.parameters(), lr=0.03)
    for _ in range(40):
        loss = gg.softmax_cross_entropy(model(x), y)
        loss.backward()
        adam.step()
        adam.zero_grad()
    assert (np.argmax(model(x).detach().numpy(), 1) == labels).mean() == 1
