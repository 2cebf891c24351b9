"""Making arrays and moving them."""

import numpy as np
import pytest

from gpugrad.backend import (
    Device,
    array_types,
    asarray,
    device_of,
    from_dlpack,
    require_same_device,
    to_device,
    to_dlpack,
    using_device,
)


def host(x):
    return to_device(x, "cpu")


class Exporter:
    """An array of some other library: nothing but DLPack."""

    def __init__(self, array, dtype=None):
        self.array = array
        self.dtype = dtype or array.dtype

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __dlpack__(self, **options):
        return to_dlpack(self.array, **options)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(2.5, "f8"), (3, "i8"), (True, "?"), (1j, "c16"), ([1, 2.5], "f8"), ([[1], [2]], "i8"), ([], "f8")],
)
def test_dtypes_are_those_of_numpy(device, data, dtype):
    with using_device(device):
        x = asarray(data)
    assert x.dtype == np.dtype(dtype)
    assert device_of(x) == Device.parse(device)
    np.testing.assert_array_equal(host(x), np.asarray(data))


def test_dtype_is_applied(device):
    assert asarray([1, 2], "float16", device).dtype == np.float16
    assert asarray(np.ones(2), np.float32, device).dtype == np.float32
    assert asarray(np.float32(3), device=device).dtype == np.float32
    pytest.importorskip("ml_dtypes")
    assert asarray([1, 2], "bfloat16", device).dtype.name == "bfloat16"


def test_an_array_stays_where_and_what_it_is(device):
    x = asarray([1.0, 2.0], device=device)
    with using_device("cpu"):
        assert asarray(x) is x
        assert asarray(x, device=device) is x
        assert asarray(x, dtype="float64") is x
        assert to_device(x, device) is x


def test_layouts_survive_the_way(device):
    base = np.arange(12.0).reshape(3, 4)
    for x in (base.T, base[::-1, ::-2], base[:, 1:3], base[:0], np.array(3.0), base.astype(">f4")):
        y = asarray(x, device=device)
        assert y.dtype.isnative
        np.testing.assert_array_equal(host(y), x)


def test_read_only_arrays_can_be_moved(device):
    x = np.arange(3.0)
    x.flags.writeable = False
    np.testing.assert_array_equal(host(to_device(x, device)), x)


def test_the_copy_is_made_before_the_source_changes(device):
    x = np.ones(1000)
    y = asarray(x.copy() if device == "cpu" else x, device=device)
    x[:] = 5
    assert host(y).max() == 1


def test_subclasses_become_plain_arrays(device):
    class Squared(np.ndarray):
        def __mul__(self, other):
            return self**2

    assert type(asarray(np.ones(2).view(Squared), device=device)) in array_types()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("abc", "expected numbers, got str"),
        (None, "expected numbers, got NoneType"),
        ([1, "a"], "expected numbers, got list"),
        (np.array([object()]), "expected numbers, got ndarray with elements of dtype object"),
        (np.zeros(2, [("a", "f4")]), "expected numbers"),
        (np.array(["2020-01-01"], "M8[D]"), "expected numbers"),
        (np.ma.array([1.0], mask=[True]), "got a masked one"),
    ],
)
def test_what_is_no_number_is_refused(data, message):
    with pytest.raises(TypeError, match=message):
        asarray(data, device="cpu")


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match="inhomogeneous"):
        asarray([[1.0], [2.0, 3.0]], device="cpu")


def test_there_and_back(device):
    for dtype in ("f2", "f4", "f8", "c8", "i4", "?", "u1"):
        x = np.array([[0, 1], [2, 3]]).astype(dtype)
        y = to_device(x, device)
        assert y.dtype == x.dtype
        np.testing.assert_array_equal(host(y), x)


def test_device_of_a_stranger():
    with pytest.raises(TypeError, match=r"expected a NumPy or CuPy array, got builtins\.list"):
        device_of([1.0])


# ---- mixtures ----


def test_one_device_is_no_mixture(device):
    x = asarray([1.0], device=device)
    assert require_same_device(x, 2.0, np.float32(1), x) == Device.parse(device)
    assert require_same_device(1.0, None) is None


def test_a_mixture_names_both_and_the_cure(device):
    if device == "cpu":
        pytest.skip("needs two devices")
    with pytest.raises(ValueError) as raised:
        require_same_device(asarray([1.0], device=device), np.ones((2, 3), "f4"))
    assert str(raised.value) == (
        "expected arrays of one device, but one of shape (1,) and dtype float64 is on cuda:0 and "
        "one of shape (2, 3) and dtype float32 is on cpu; "
        'move one with .to("cpu") or .to("cuda:0")'
    )


# ---- DLPack ----


def test_dlpack_shares_memory(device):
    x = asarray(np.arange(4.0), device=device)
    y = from_dlpack(Exporter(x))
    assert type(y) is type(x)
    x[0] = 7
    np.testing.assert_array_equal(host(y), host(x))
    assert from_dlpack(x) is x


def test_dlpack_carries_bfloat16_without_a_copy(device):
    pytest.importorskip("ml_dtypes")
    x = asarray([1.5, -2.0, 3.0], "bfloat16", device)
    y = from_dlpack(Exporter(x))
    assert y.dtype == x.dtype
    x[0] = 7
    np.testing.assert_array_equal(host(y), host(x))


def test_dlpack_of_negative_strides_and_slices(device):
    x = asarray(np.arange(12.0).reshape(3, 4), device=device)
    for view in (x[::-1], x[:, ::-2], x.T, x[1:, ::2], x[:0]):
        np.testing.assert_array_equal(host(from_dlpack(Exporter(view))), host(view))


def test_dlpack_objects_can_be_given_for_arrays(device):
    x = asarray(Exporter(np.arange(3.0)), "float32", device)
    assert device_of(x) == Device.parse(device)
    np.testing.assert_array_equal(host(x), [0, 1, 2])


def test_dlpack_from_an_unknown_kind_of_device():
    class Metal(Exporter):
        def __dlpack_device__(self):
            return 8, 0

    with pytest.raises(TypeError, match=r"DLPack's device type 8 .*move it to the CPU first"):
        from_dlpack(Metal(np.ones(2)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int64", "complex64", "bool"])
def test_torch_in_and_out_share_memory(dtype):
    torch = pytest.importorskip("torch")
    pytest.importorskip("ml_dtypes")
    theirs = torch.tensor([[1, 0], [2, 3]]).to(getattr(torch, dtype))
    ours = from_dlpack(theirs)
    assert ours.dtype.name == dtype
    theirs[0, 1] = 1
    assert ours[0, 1] == 1
    back = torch.from_dlpack(Exporter(ours))
    assert back.dtype == theirs.dtype
    assert back.data_ptr() == theirs.data_ptr()


def test_torch_gets_a_copy_of_negative_strides():
    torch = pytest.importorskip("torch")
    assert torch.from_dlpack(Exporter(np.arange(3.0)[::-1])).tolist() == [2, 1, 0]


def test_torch_tensors_can_be_given_for_arrays(device):
    torch = pytest.importorskip("torch")
    x = asarray(torch.ones(2, 3), device=device)
    assert x.dtype == np.float32
    assert device_of(x) == Device.parse(device)


def test_torch_tensors_that_record_are_refused():
    torch = pytest.importorskip("torch")
    with pytest.raises(BufferError, match="detach"):
        asarray(torch.ones(2, requires_grad=True))
