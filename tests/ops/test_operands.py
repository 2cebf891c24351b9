"""Operands that are no float arrays: nested lists, Python numbers, integers, booleans, NumPy scalars."""

import numpy as np
import pytest
from table import ROWS
from table.running import host, leaves, on_floats

import gpugrad as gg
from gpugrad import ops

PUBLIC = [row for row in ROWS if not row.name.startswith("_") and hasattr(ops, row.name)]


@pytest.mark.parametrize("row", PUBLIC, ids=str)
def test_nested_lists(row):
    for sample in row.samples:
        operands = row.operands(sample)
        lists = [x.tolist() for x in operands]
        if any(
            np.shape(a) != x.shape or np.asarray(a).dtype != x.dtype
            for a, x in zip(lists, operands, strict=True)
        ):
            continue  # a list does not tell the lengths behind an empty axis
        got, want = row.function(*lists, **sample.params), row.function(*operands, **sample.params)
        assert not isinstance(got, gg.Tensor)
        for g, w in zip(leaves(got), leaves(want), strict=True):
            np.testing.assert_array_equal(g, w, err_msg=f"{row} {sample}")


UNARY = """
absolute all any arcsinh arctan argmax argmin argsort atleast_1d atleast_2d cbrt ceil conj copy cos cosh
count_nonzero cumprod cumsum deg2rad diag exp exp2 expm1 flip floor imag isfinite isnan log1p logical_not max
mean min nan_to_num norm ones_like positive prod ravel real rint sign signbit sin sinh sort sqrt square
squeeze std sum tan tanh transpose trunc var zeros_like
""".split()
BINARY = """
add arctan2 divide equal floor_divide fmod hypot inner isclose less logaddexp logical_and matmul maximum
minimum multiply outer power remainder subtract vdot
""".split()
VECTORS = [
    np.arange(1, 4, dtype=dtype) for dtype in ("int8", "uint8", "int32", "int64", "float16", "float32")
]


def numpys(name):
    return getattr(np, name, None) or getattr(np.linalg, name)


def check(name, *operands):
    with np.errstate(all="ignore"):
        want = np.asarray(numpys(name)(*operands))
        plain = getattr(ops, name)(*operands)
        recorded = getattr(ops, name)(*[gg.tensor(x) if isinstance(x, np.ndarray) else x for x in operands])
    for got in (np.asarray(plain), host(recorded)):
        what = f"{name}{tuple(getattr(x, 'dtype', x) for x in operands)}"
        assert (got.dtype, got.shape) == (want.dtype, want.shape), what
        np.testing.assert_allclose(got, want, rtol=1e-3 if want.dtype == "float16" else 1e-6, err_msg=what)


@pytest.mark.parametrize("name", UNARY)
def test_one_operand_has_numpys_dtype(name):
    for x in (*VECTORS, np.array([True, False])):
        if not (name in ("positive", "sign") and x.dtype == bool):  # which NumPy refuses
            check(name, x)


@pytest.mark.parametrize("name", BINARY)
def test_two_operands_have_numpys_dtype(name):
    for a in VECTORS:
        for b in (*VECTORS, np.float64(2), np.float32(2), np.int64(2), *((2, 2.5) if name != "vdot" else ())):
            if np.ndim(b) or name not in ("matmul", "inner", "vdot"):
                check(name, a, b)
                check(name, b, a)


def test_a_python_number_widens_nothing(device):
    x = gg.tensor([1.0, 2.0], dtype="float32", device=device, requires_grad=True)
    y = (2 * x + 1.5) ** 2 / 3 - 1
    gg.sum(gg.where(x > 1, y, 0.5) * gg.maximum(x, 1.5)).backward()
    assert (y.dtype, x.grad.dtype) == (np.float32, np.float32)


def test_integers_and_floats_mixed(device):
    x = gg.tensor([1.0, 2.0], dtype="float32", device=device)
    n = gg.tensor([3, 4], device=device)
    value, (gradient,) = gg.value_and_grad(lambda x: gg.sum(x * n), (0,))(x)
    assert (value.item(), value.dtype) == (11, np.float64)  # as in NumPy: float32 with int64
    assert gradient.dtype == np.float32


TWO_FLOATS = [
    row
    for row in PUBLIC
    if row.smooth and len(on_floats(row, row.samples[0], "cpu")[1]) == 2 and row.name != "broadcast_arrays"
]


@pytest.mark.parametrize("row", TWO_FLOATS, ids=str)
def test_gradients_of_mixed_dtypes_keep_each_its_own(row, device):
    pairs = [("float32", "float64"), ("float64", "float32")]
    pairs += [("complex64", "float32")] if "c" in row.dtypes else []
    pairs += [("float64", "complex128")] if "c" in row.dtypes and "index" not in row.name else []
    for dtypes in pairs:
        f, operands = on_floats(row, row.samples[0], device)
        mixed = [x.astype(dtype) for x, dtype in zip(operands, dtypes, strict=True)]
        result, pull = gg.vjp(f, *mixed)
        assert result.dtype.kind == np.result_type(*dtypes).kind
        gradients = pull(result)
        pushed = gg.jvp(f, tuple(mixed), tuple(mixed))[1]
        assert [g.dtype for g in gradients] == list(dtypes), f"{row} {dtypes}"
        assert pushed.dtype == result.dtype
        wider = [x.astype(np.result_type(*dtypes)) for x in mixed]
        want = gg.vjp(f, *wider)[1](result.astype(np.result_type(*dtypes)))
        for g, w in zip(gradients, want, strict=True):
            np.testing.assert_allclose(
                host(g), host(w) if g.dtype.kind == "c" else host(w).real, rtol=1e-4, atol=1e-5
            )
