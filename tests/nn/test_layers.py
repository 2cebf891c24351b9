"""Layers compute what their formulas say, and start with the numbers that were promised."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad import nn


def test_linear(device):
    layer = nn.Linear(3, 2, seed=0, dtype=np.float64, device=device)
    x = np.arange(12.0).reshape(4, 3)
    y = layer(gg.tensor(x, device=device))
    y.sum().backward()
    state = layer.state_dict()
    np.testing.assert_allclose(y.detach().to("cpu").numpy(), x @ state["weight"] + state["bias"])
    np.testing.assert_allclose(layer.weight.grad.to("cpu").numpy(), x.T @ np.ones((4, 2)))
    np.testing.assert_allclose(layer.bias.grad.to("cpu").numpy(), [4, 4])


def test_linear_without_bias():
    assert [name for name, _ in nn.Linear(3, 2, bias=False, device="cpu").named_parameters()] == ["weight"]


def test_mlp_is_linear_layers_with_activations_between(device):
    model = nn.MLP([5, 7, 6, 3], activation=nn.Tanh, seed=1, dtype=np.float64, device=device)
    x = np.random.default_rng(0).normal(size=(4, 5))
    w = list(model.state_dict().values())
    expected = np.tanh(np.tanh(x @ w[0] + w[1]) @ w[2] + w[3]) @ w[4] + w[5]
    y = model(gg.tensor(x, device=device)).detach().to("cpu").numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_relu_layer():
    np.testing.assert_array_equal(nn.ReLU()(gg.tensor([-1.0, 0.0, 2.0], device="cpu")).numpy(), [0, 0, 2])


def test_same_seed_same_weights_on_every_device(device):
    here = nn.MLP([4, 3, 2], seed=5, device=device).state_dict()
    on_cpu = nn.MLP([4, 3, 2], seed=5, device="cpu").state_dict()
    assert all(np.array_equal(here[name], on_cpu[name]) for name in on_cpu)
    other = nn.MLP([4, 3, 2], seed=6, device="cpu").state_dict()
    assert not np.array_equal(other["layers.0.weight"], on_cpu["layers.0.weight"])
    assert on_cpu["layers.0.weight"].dtype == np.float32


@pytest.mark.parametrize(("init", "variance"), [("he", 2 / 400), ("glorot", 2 / 700)])
def test_initial_weights_have_the_promised_variance(init, variance):
    weight = nn.Linear(400, 300, init=init, seed=0, device="cpu").weight.numpy()
    assert np.var(weight) == pytest.approx(variance, rel=0.02)
    assert abs(weight.mean()) < 0.02 * np.sqrt(variance)


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="at least, got 0, 3"):
        nn.Linear(0, 3)
    with pytest.raises(ValueError, match="sizes must name"):
        nn.MLP([3])
