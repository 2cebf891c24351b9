"""Matrix products: every layout, batch and dtype against NumPy in float64."""

import itertools

import numpy as np
import pytest

from gpugrad.backend import array_types, asarray, device_of, gemm, matmul, to_device

TOLERANCE = {
    "float16": 3e-3,
    "bfloat16": 2e-2,
    "float32": 1e-5,
    "float64": 1e-12,
    "complex64": 1e-5,
    "complex128": 1e-12,
}
SHAPES = [
    ((3, 4), (4, 5)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (4, 5)),
    ((3, 4), (2, 4, 5)),
    ((2, 1, 3, 4), (1, 6, 4, 5)),
    ((2, 6, 3, 4), (2, 6, 4, 5)),
    ((2, 6, 3, 4), (6, 4, 5)),
    ((1, 4), (4, 1)),
    ((5, 1), (1, 7)),
    ((1, 3, 4), (1, 4, 2)),
    ((4,), (4,)),
    ((4,), (4, 5)),
    ((3, 4), (4,)),
    ((2, 3, 4), (4,)),
    ((4,), (2, 4, 5)),
    ((2, 0, 4), (2, 4, 5)),
    ((0, 3, 4), (4, 5)),
    ((3, 0), (0, 5)),
    ((2, 3, 0), (0, 5)),
    ((0,), (0,)),
]

rng = np.random.default_rng(0)


def array(shape, dtype, device, transposed=False):
    x = rng.standard_normal(shape)
    if np.dtype(dtype if dtype != "bfloat16" else "float32").kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    if transposed and len(shape) > 1:
        return asarray(np.ascontiguousarray(x.swapaxes(-1, -2)), dtype, device).swapaxes(-1, -2)
    return asarray(x, dtype, device)


def wide(x):
    x = to_device(x, "cpu")
    return x.astype("complex128" if x.dtype.kind == "c" else "float64")


def close(y, expected, dtype, factor=1):
    assert y.dtype.name == dtype
    assert y.shape == expected.shape
    tolerance = TOLERANCE[dtype] * factor
    np.testing.assert_allclose(wide(y), expected, rtol=tolerance, atol=tolerance)


@pytest.fixture(params=TOLERANCE)
def dtype(request):
    if request.param == "bfloat16":
        pytest.importorskip("ml_dtypes")
    return request.param


@pytest.mark.parametrize(("left", "right"), SHAPES, ids=str)
def test_shapes_layouts_and_dtypes(device, dtype, left, right):
    for transposed_a, transposed_b in itertools.product((False, True), repeat=2):
        a = array(left, dtype, device, transposed_a)
        b = array(right, dtype, device, transposed_b)
        expected = np.matmul(wide(a), wide(b))
        y = matmul(a, b)
        assert type(y) in array_types()
        assert device_of(y) == device_of(a)
        close(y, expected, dtype)
        assert matmul(a, b, out=y) is y
        close(y, expected, dtype)
        assert matmul(a, b, out=y, accumulate=True) is y
        close(y, 2 * expected, dtype, 4)


def views(x):
    """Ways of looking at a (6, 10) array as a matrix."""
    yield x[:, 2:7]
    yield x[1:5].T
    yield x[::2, ::3]
    yield x[:, ::-1]
    yield x[::-1]
    yield x[:, 3:4]
    yield x[2:3]
    yield x[2:3, ::2]
    yield x[:1, :1]


def test_strided_views(device):
    x = array((6, 10), "float32", device)
    for a in views(x):
        close(matmul(a, a.T), wide(a) @ wide(a).T, "float32")
        close(matmul(a.T, a), wide(a).T @ wide(a), "float32")


def test_overlapping_windows(device):
    x = array((8,), "float64", device)
    xp = __import__(type(x).__module__.partition(".")[0])
    windows = xp.lib.stride_tricks.as_strided(x, (5, 4), x.strides * 2)
    close(matmul(windows, windows.T), wide(windows) @ wide(windows).T, "float64")


def test_broadcast_views(device):
    x = array((4, 3), "float64", device)
    xp = __import__(type(x).__module__.partition(".")[0])
    for a in (
        xp.broadcast_to(x[::2, ::2], (6, 2, 2)),
        xp.broadcast_to(x[:2, :2], (5, 6, 2, 2)),
        xp.broadcast_to(x[:1, :2], (6, 2, 2)),
    ):
        b = array((5, 6, 2, 3), "float64", device)
        close(matmul(a, b), np.matmul(wide(a), wide(b)), "float64")


def test_attention_heads(device):
    qkv = array((2, 7, 3, 4, 8), "float32", device)
    q, k = (qkv[:, :, i].transpose(0, 2, 1, 3) for i in (0, 1))
    close(matmul(q, k.swapaxes(-1, -2)), wide(q) @ wide(k).swapaxes(-1, -2), "float32")


def test_batches_backwards(device):
    a = array((6, 3, 4), "float64", device)[::-1]
    b = array((6, 4, 2), "float64", device)[::2].repeat(2, axis=0)
    close(matmul(a, b), wide(a) @ wide(b), "float64")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("float32", "float64", "float64"),
        ("float16", "float32", "float32"),
        ("float32", "complex64", "complex64"),
        ("int64", "float32", "float64"),
        ("int8", "float16", "float16"),
        ("bfloat16", "float32", "float32"),
    ],
)
def test_mixed_dtypes_promote(device, left, right, expected):
    pytest.importorskip("ml_dtypes")
    a, b = array((3, 4), left, device), array((4, 5), right, device)
    close(matmul(a, b), wide(a) @ wide(b), expected)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "int64"])
def test_integers(device, dtype):
    for left, right in (((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((4,), (4,)), ((3, 0), (0, 2))):
        a = asarray(rng.integers(0, 2, left), dtype, device)
        b = asarray(rng.integers(0, 2, right), dtype, device)
        y = matmul(a, b)
        assert y.dtype == np.dtype(dtype)
        expected = np.matmul(to_device(a, "cpu"), to_device(b, "cpu"))
        np.testing.assert_array_equal(to_device(y, "cpu"), expected)
        np.testing.assert_array_equal(to_device(matmul(a, b, out=y), "cpu"), expected)


def test_an_out_that_is_not_contiguous(device):
    a, b = array((3, 4), "float32", device), array((4, 5), "float32", device)
    frame = array((6, 10), "float32", device)
    out = frame[::2, ::2]
    before, rest = wide(out), wide(frame[1::2])
    matmul(a, b, out=out, accumulate=True)
    close(out, before + wide(a) @ wide(b), "float32")
    matmul(a, b, out=out)
    close(out, wide(a) @ wide(b), "float32")
    np.testing.assert_array_equal(wide(frame[1::2]), rest)


def test_what_cublas_can_read_is_not_copied(device, monkeypatch):
    if device == "cpu":
        pytest.skip("about cuBLAS")
    x, b = array((6, 10), "float32", device), array((5, 6, 10), "float32", device)
    products = [
        (x[:, 2:7], x[1:5, :5].T),
        (x[2:3], x[:1].T),
        (x[None, 0], b.swapaxes(-1, -2)),
        (b[::2, 1:3], b[1:4].swapaxes(-1, -2)),
        (b[:, 0], x.T),
    ]
    expected = [wide(left) @ wide(right) for left, right in products]
    monkeypatch.setattr("cupy.ascontiguousarray", None)
    for (left, right), product in zip(products, expected, strict=True):
        close(matmul(left, right), product, "float32")


def test_halves_are_added_up_in_float32(device):
    # In float16 the sum stops growing at 2048.
    a = asarray(np.ones((1, 4096)), "float16", device)
    assert float(to_device(matmul(a, a.T), "cpu")[0, 0]) == 4096


def test_tf32_is_off_until_asked_for(device):
    a = array((4, 4), "float32", device)
    assert gemm._tf32 is False
    gemm.allow_tf32()
    try:
        close(matmul(a, a), wide(a) @ wide(a), "float32", 1000)
    finally:
        gemm.allow_tf32(False)


@pytest.mark.parametrize(
    ("left", "right"), [((3, 4), (5, 4)), ((), (4,)), ((4,), ()), ((2, 3, 4), (3, 4, 5)), ((4,), (3, 5))]
)
def test_shapes_that_do_not_fit(device, left, right):
    a, b = array(left, "float32", device), array(right, "float32", device)
    with pytest.raises(ValueError) as raised:
        matmul(a, b)
    assert f"got {left} @ {right}; transpose or reshape" in str(raised.value)


def test_wrong_outs(device):
    a = array((3, 3), "float32", device)
    with pytest.raises(ValueError, match="out has to be given"):
        matmul(a, a, accumulate=True)
    with pytest.raises(ValueError, match=r"an out of shape \(3, 3\) and dtype float32 .*got \(3, 2\) and"):
        matmul(a, a, out=a[:, :2])
    with pytest.raises(ValueError, match=r"got .* and float64"):
        matmul(a, a, out=array((3, 3), "float64", device))


def test_two_devices_are_refused(device):
    if device == "cpu":
        pytest.skip("needs two devices")
    with pytest.raises(ValueError, match="expected arrays of one device"):
        matmul(array((3, 3), "float32", device), np.ones((3, 3), "f4"))
