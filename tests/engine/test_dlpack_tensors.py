"""Tensors over DLPack: in by copy or not, out without one, never with a gradient."""

import numpy as np
import pytest

import gpugrad as gg


def address(array):
    return array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr


def test_out_without_a_copy(device, xp):
    t = gg.tensor([1.0, 2.0], device=device)
    array = xp.from_dlpack(t)
    assert type(array) is xp.ndarray
    assert address(array) == address(t.data)
    assert t.__dlpack_device__() == ((1, 0) if device == "cpu" else (2, 0))


def test_from_dlpack_shares_memory(device, xp):
    array = xp.asarray([1.0, 2.0, 3.0])
    t = gg.from_dlpack(array[1:])
    assert type(t) is gg.Tensor
    assert not t.requires_grad
    assert address(t.data) == address(array[1:])
    array[1] = 7.0
    assert t.tolist() == [7, 3]
    again = gg.from_dlpack(t)
    assert address(again.data) == address(t.data)


def test_tensor_copies(device, xp):
    class Exporter:
        def __dlpack__(self, **options):
            return array.__dlpack__(**options)

        def __dlpack_device__(self):
            return array.__dlpack_device__()

    array = xp.asarray([1.0, 2.0])
    t = gg.tensor(Exporter())
    assert t.device == gg.tensor(array).device
    array[0] = 5.0
    assert t.tolist() == [1, 2]


def test_a_gradient_is_not_exported(device, xp):
    t = gg.tensor([1.0], device=device, requires_grad=True)
    for source in (t, t * 2):
        with pytest.raises(TypeError, match=r"lose its gradient; use t\.detach\(\)"):
            xp.from_dlpack(source)
        with pytest.raises(TypeError, match="detach"):
            gg.from_dlpack(source)
    assert xp.from_dlpack((t * 2).detach()).tolist() == [2]


@pytest.mark.parametrize(
    "view", [lambda t: t[::2], lambda t: t.reshape(2, 2).T, lambda t: t[1:1], lambda t: t[0]]
)
def test_strides_travel(device, xp, view):
    t = view(gg.tensor([1.0, 2.0, 3.0, 4.0], device=device))
    assert xp.from_dlpack(t).tolist() == t.tolist()


def test_torch():
    torch = pytest.importorskip("torch")
    t = gg.tensor([[1.0, 2.0], [3.0, 4.0]], dtype="float32")
    theirs = torch.from_dlpack(t)
    assert theirs.data_ptr() == address(t.data)
    theirs[0, 0] = 9.0
    assert t.tolist() == [[9, 2], [3, 4]]
    ours = gg.from_dlpack(theirs.T)
    assert address(ours.data) == theirs.data_ptr()
    assert ours.tolist() == [[9, 3], [2, 4]]
    with pytest.raises(TypeError, match="detach"):
        torch.from_dlpack(gg.tensor([1.0], requires_grad=True))


def test_torch_tensors_make_tensors():
    torch = pytest.importorskip("torch")
    theirs = torch.tensor([1.0, 2.0])
    t = gg.tensor(theirs, requires_grad=True)
    theirs[0] = 5.0
    (t * t).sum().backward()
    assert t.grad.tolist() == [2, 4]
