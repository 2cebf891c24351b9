"""Modules find their parameters, save them and take them back."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad import nn


class Scaled(nn.Module):
    def __init__(self):
        self.inner = nn.MLP([3, 4, 2], seed=0, device="cpu")
        self.scale = gg.tensor(2.0, requires_grad=True)
        self.again = self.scale
        self.offset = gg.tensor([1.0, 2.0])
        self.name = "not a parameter"

    def forward(self, x):
        return self.inner(x) * self.scale + self.offset


def test_parameters_have_names_and_count_once():
    names = [name for name, _ in Scaled().named_parameters()]
    assert names == [
        "inner.layers.0.weight",
        "inner.layers.0.bias",
        "inner.layers.2.weight",
        "inner.layers.2.bias",
        "scale",
    ]
    assert len(Scaled().parameters()) == 5


def test_state_has_what_is_not_trained_too_and_goes_round():
    model, other = Scaled(), Scaled()
    other.load_state_dict({name: array + 1 for name, array in model.state_dict().items()})
    assert set(model.state_dict()) == {*dict(model.named_parameters()), "offset"}
    for name, array in other.state_dict().items():
        np.testing.assert_array_equal(array, model.state_dict()[name] + 1)


def test_state_does_not_follow_later_updates():
    model = Scaled()
    state = model.state_dict()
    model.scale.assign_(5.0)
    assert state["scale"] == 2.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("scale"), "does not fit Scaled: it lacks scale$"),
        (lambda s: s.update(extra=np.zeros(1)), "also has extra"),
        (lambda s: s.update(offset=np.zeros(3)), r"offset has shape \(3,\), expected \(2,\)"),
    ],
)
def test_state_that_does_not_fit_changes_nothing(change, message):
    model = Scaled()
    before = model.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    change(state)
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(state)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()(1)
