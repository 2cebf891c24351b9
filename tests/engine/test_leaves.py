"""Which tensors require grad, and how that is switched on and off."""

import copy
import pickle

import numpy as np
import pytest

import gpugrad as gg


def test_a_result_requires_grad_if_an_operand_does():
    a, b = gg.tensor(1.0, requires_grad=True), gg.tensor(2.0)
    assert (a * b).requires_grad
    assert (b * a).requires_grad
    assert not (b * b).requires_grad
    assert not (b * 2).requires_grad
    assert not (a > b).requires_grad


def test_leaves():
    a = gg.tensor(1.0, requires_grad=True)
    assert a.is_leaf
    assert gg.tensor(1.0).is_leaf
    assert not (a * 2).is_leaf
    assert (a * 2).detach().is_leaf


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_inexact_tensors_can_require_grad(dtype):
    assert gg.tensor([1, 2], dtype=dtype, requires_grad=True).requires_grad


def test_bfloat16_can_require_grad():
    pytest.importorskip("ml_dtypes")
    assert gg.tensor([1, 2], dtype="bfloat16", requires_grad=True).requires_grad


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "bool"])
def test_integers_cannot(dtype):
    with pytest.raises(TypeError, match=rf"only float and complex tensors.*got dtype {dtype}.*astype"):
        gg.tensor([1, 0], dtype=dtype, requires_grad=True)
    with pytest.raises(TypeError, match="only float and complex"):
        gg.tensor([1, 0], dtype=dtype).requires_grad_()


def test_integers_take_part_as_constants():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    n = gg.tensor([3, 4])
    (x * n).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3, 4])
    y = (x * 2.5).astype(int)
    assert not y.requires_grad


def test_detach_shares_the_data_and_cuts_the_graph():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    d = y.detach()
    assert d.data is y.data
    assert not d.requires_grad
    (d * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 4])


def test_requires_grad_can_be_switched():
    x = gg.tensor(2.0)
    assert x.requires_grad_() is x
    (x * x).backward()
    assert x.grad.item() == 4
    x.requires_grad_()
    assert x.grad.item() == 4  # it was a leaf already
    x.requires_grad_(False)
    assert x.grad is None
    assert not (x * x).requires_grad


def test_a_computed_tensor_cannot_stop_requiring_grad():
    y = gg.tensor(2.0, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"only a leaf.*detach\(\)"):
        y.requires_grad_(False)
    assert y.requires_grad_().requires_grad


def test_stop_gradient_detaches_every_tensor_of_a_tree():
    x = gg.tensor(3.0, requires_grad=True)
    tree = gg.stop_gradient({"a": x * 2, "b": [x, 1.5, np.ones(2)]})
    assert not tree["a"].requires_grad
    assert not tree["b"][0].requires_grad
    assert tree["b"][1] == 1.5
    assert gg.grad(lambda t: t * gg.stop_gradient(t))(3.0) == 3


def test_a_leaf_is_copied_and_pickled(device):
    w = gg.tensor([1.0, 2.0], requires_grad=True, device=device)
    for twin in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert twin.requires_grad and twin.is_leaf and twin.tolist() == [1.0, 2.0]
        (twin * twin).sum().backward()
        assert w.grad is None
    with pytest.raises(TypeError, match="detach"):
        copy.deepcopy(w * 2)


def test_comparison_with_none(device):
    t = gg.tensor([1.0], device=device)
    assert (t == None) is False and (t != None) is True  # noqa: E711
