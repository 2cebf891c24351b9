"""Tensors move between devices only when asked, and gradients travel back."""

import os
import subprocess
import sys

import numpy as np
import pytest

import gpugrad as gg


def test_to_is_differentiable(device):
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    w = gg.tensor([3.0, 4.0], device=device, requires_grad=True)
    y = (x.to(device) * w).to("cpu") * x
    assert str(y.device) == "cpu"
    y.sum().backward()
    assert x.grad.tolist() == [6, 16]
    assert w.grad.tolist() == [1, 4]
    assert str(x.grad.device) == "cpu"
    assert w.grad.device == w.device


def test_to_where_it_is_is_the_tensor_itself(device):
    x = gg.tensor([1.0], device=device, requires_grad=True)
    assert x.to(device) is x
    assert x.to(x.device) is x
    assert (x.cpu() is x) == (device == "cpu")


def test_second_derivatives_through_a_transfer(device):
    f = lambda x: (x.to(device) ** 3).to("cpu")  # noqa: E731
    assert gg.grad(gg.grad(f))(2.0) == 12
    assert gg.jvp(f, (2.0,), (1.0,))[1] == 12


def test_a_moved_leaf_is_no_leaf(device):
    if device == "cpu":
        pytest.skip("nothing moves")
    x = gg.tensor([1.0], requires_grad=True)
    moved = x.cuda()
    assert str(moved.device) == "cuda:0"
    assert not moved.is_leaf
    assert moved.requires_grad


def test_new_tensors_go_where_they_are_told(device, xp):
    assert type(gg.tensor([1.0], device=device).data) is xp.ndarray
    with gg.using_device(device):
        assert type(gg.tensor([1.0]).data) is xp.ndarray
        assert type(gg.grad(lambda x: x * x)(2.0)) is xp.ndarray
        assert type(gg.tensor(np.ones(2)).data) is np.ndarray  # an array stays where it is
    assert type(gg.tensor([1.0]).data) is np.ndarray


def test_what_is_made_beside_a_tensor_is_on_its_device(device, xp):
    x = gg.tensor([[1.0, 2.0], [3.0, 4.0]], device=device, requires_grad=True)
    for y in (gg.zeros_like(x), x * 2, x[0], x.sum(), gg.where(x > 1, x, 0.0), x == x, gg.argmax(x)):
        assert type(y.data) is xp.ndarray
    (x * x).sum().backward()
    assert type(x.grad.data) is xp.ndarray


def test_indices_are_not_moved(device):
    x = gg.tensor([[1.0, 2.0, 3.0]], device=device)
    places = np.array([0, 2])
    for indices in ([0, 2], gg.tensor(places, device=device)):
        assert gg.take(x, indices, axis=1).tolist() == [[1, 3]]
    if device != "cpu":
        for read in (lambda: gg.take(x, places, axis=1), lambda: x[:, places]):
            with pytest.raises(ValueError, match="one device"):
                read()


def test_results_on_the_devices_agree(device):
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(3, 4)), rng.normal(size=(5, 3))

    def f(w, x):
        return gg.logsumexp(gg.tanh(x @ w) * gg.sigmoid(x @ w)[:, ::-1])

    expected = gg.grad(f, (0, 1))(w, x)
    tensors = [gg.tensor(v, device=device, requires_grad=True) for v in (w, x)]
    f(*tensors).backward()
    for t, g in zip(tensors, expected, strict=True):
        np.testing.assert_allclose(t.grad.numpy(), g, rtol=1e-12)


def test_unknown_devices():
    x = gg.tensor([1.0])
    for name in ("gpu", "cuda:x", 3):
        with pytest.raises(ValueError, match="expected a device"):
            x.to(name)
        with pytest.raises(ValueError, match="expected a device"):
            gg.tensor([1.0], device=name)


@pytest.mark.parametrize(
    ("value", "expected"), [("cpu", "cpu"), ("auto", "c"), ("", "c"), ("tpu", "GPUGRAD_DEVICE")]
)
def test_the_environment_chooses_the_default(value, expected):
    result = subprocess.run(
        [sys.executable, "-c", "import gpugrad as gg; print(gg.tensor([1.0]).device)"],
        env=os.environ | {"GPUGRAD_DEVICE": value},
        capture_output=True,
        text=True,
    )
    output = result.stdout if value != "tpu" else result.stderr
    assert expected in output
    assert result.returncode == (value == "tpu")
