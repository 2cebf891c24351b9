"""``backward``: what it starts with, what it adds to, and what it leaves."""

import numpy as np
import pytest

import gpugrad as gg


@pytest.fixture
def x(device):
    return gg.tensor([1.0, 2.0, 3.0], device=device, requires_grad=True)


# ---- the cotangent it starts with ----


def test_a_cotangent_weighs_the_result(x, xp):
    (x * x).backward(xp.asarray([1.0, 0.0, -1.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [2, 0, -6])


def test_a_tensor_and_a_list_are_cotangents(x, device):
    y = x * x
    y.backward(gg.tensor([1.0, 0.0, 0.0], device=device), retain_graph=True)
    y.backward([0, 1, 0])
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4, 0])


def test_a_python_number_takes_the_dtype_of_the_result(device):
    x = gg.tensor(2.0, dtype="float32", device=device, requires_grad=True)
    (x * x).backward(2)
    assert x.grad.item() == 8
    assert x.grad.dtype == np.float32


def test_one_element_needs_no_cotangent_whatever_its_shape(device):
    x = gg.tensor([[3.0]], device=device, requires_grad=True)
    (x * x).backward()
    assert x.grad.tolist() == [[6.0]]


def test_more_than_one_element_needs_a_cotangent(x):
    with pytest.raises(ValueError, match=r"one real number, got shape \(3,\).*\.sum\(\)"):
        (x * x).backward()


def test_a_complex_number_needs_a_cotangent():
    z = gg.tensor(1j, requires_grad=True)
    with pytest.raises(ValueError, match=r"one real number, got shape .* complex128"):
        (z * z).backward()
    (z * z).backward(1.0)
    assert z.grad.item() == -2j  # conj(2z): uphill in the real part of z * z


def test_a_cotangent_of_another_shape(x):
    with pytest.raises(ValueError, match=r"cotangent has to have shape \(3,\), got \(1, 3\)"):
        (x * x).backward([[1.0, 1.0, 1.0]])
    with pytest.raises(ValueError, match=r"shape \(3,\), got \(\)"):
        (x * x).backward(1.0)


def test_a_cotangent_of_another_dtype(x, xp):
    with pytest.raises(TypeError, match=r"dtype float64, got float32; convert it with .astype\('float64'\)"):
        (x * x).backward(xp.ones(3, "float32"))
    with pytest.raises(TypeError, match="dtype float64, got int64"):
        (x * x).backward(xp.ones(3, "int64"))
    with pytest.raises(TypeError):
        (x.sum()).backward(1j)


def test_a_refused_cotangent_leaves_the_graph_as_it_was(x):
    y = x * x
    with pytest.raises(ValueError, match="shape"):
        y.backward([1.0])
    assert x.grad is None
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4, 6])


def test_nothing_to_differentiate():
    for y in (gg.tensor(1.0), gg.tensor(1.0, requires_grad=True).detach() * 2):
        with pytest.raises(RuntimeError, match=r"does not require grad.*requires_grad=True.*no_grad"):
            y.backward()


# ---- accumulation ----


def test_gradients_add_up_until_they_are_reset(x):
    for n in (1, 2, 3):
        (x * x).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), n * np.array([2.0, 4, 6]))
    x.grad = None
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3, 3, 3])


def test_accumulation_makes_a_new_tensor(x):
    x.sum().backward()
    first = x.grad
    x.sum().backward()
    np.testing.assert_array_equal(first.numpy(), [1, 1, 1])
    np.testing.assert_array_equal(x.grad.numpy(), [2, 2, 2])


def test_an_unused_leaf_has_no_gradient(x):
    unused = gg.tensor(1.0, requires_grad=True)
    x.sum().backward()
    assert unused.grad is None


def test_only_leaves_have_gradients(x):
    y = x * 2
    y.sum().backward()
    assert y.grad is None
    with pytest.raises(RuntimeError, match=r"\.grad belongs to a leaf"):
        y.grad = None


def test_what_can_be_set_as_gradient(x, device):
    x.grad = gg.tensor([1.0, 1.0, 1.0], device=device)
    x.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 2, 2])
    for wrong in (np.ones(3), 1.0, gg.tensor([1.0]), gg.tensor([1.0, 1.0, 1.0], dtype="float32")):
        with pytest.raises(ValueError, match=r"\.grad takes None or a Tensor of shape \(3,\)"):
            x.grad = wrong


# ---- a graph is used once, unless it is kept ----


@pytest.mark.parametrize("f", [gg.tanh, lambda x: x * x, lambda x: x + 1, lambda x: x.reshape(3, 1)])
def test_a_second_backward_says_that_the_graph_is_freed(x, f):
    y = f(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"freed by an earlier backward\(\).*retain_graph=True"):
        y.backward()


def test_a_kept_graph_can_be_used_again(x):
    y = gg.tanh(x).sum()
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * (1 - np.tanh([1.0, 2, 3]) ** 2))
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_a_shared_part_is_freed_with_the_first_result(x):
    shared = gg.exp(x)
    a, b = shared.sum(), (shared * 2).sum()
    a.backward()
    with pytest.raises(RuntimeError, match=r"freed by an earlier backward\(\) \(at exp\)"):
        b.backward()


def test_the_leaf_survives_its_graphs(x):
    gg.tanh(x).sum().backward()
    gg.tanh(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * (1 - np.tanh([1.0, 2, 3]) ** 2))
