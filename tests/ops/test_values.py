"""Every operation against NumPy: values, dtypes, memory layouts, special points, errors."""

import numpy as np
import pytest
from table import ROWS
from table.running import assert_near, dtypes, leaves, placed, strided, wide

import gpugrad as gg

every_row = pytest.mark.parametrize("row", ROWS, ids=str)


def reference(row, operands, params):
    with np.errstate(all="ignore"):
        return leaves(row.reference(*map(wide, operands), **params))


def check(row, got, want, dtype, what):
    assert len(got) == len(want), what
    for g, w in zip(got, want, strict=True):
        if g.dtype.kind in "fc":
            like = np.result_type(dtype, "float32") if row.single else dtype
            real, complex_ = np.empty(0, like).real.dtype, np.result_type(like, "complex64")
            assert g.dtype == (complex_ if w.dtype.kind == "c" else real), what
        assert_near(g, w, 0 if row.exact else 8 * row.condition, what)


@every_row
def test_value_and_dtype(row, device):
    for dtype in dtypes(row, device):
        for sample in row.samples:
            operands = row.operands(sample, dtype)
            tensors = [gg.tensor(x, device=device) for x in operands]
            got = leaves(row.function(*tensors, **placed(sample.params, device)))
            check(row, got, reference(row, operands, sample.params), dtype, f"{row} {dtype} {sample}")


@every_row
def test_arrays_give_arrays(row, device):
    sample = row.samples[0]
    operands = [placed(x, device) for x in row.operands(sample)]
    for y in gg.stop_gradient([row.function(*operands, **placed(sample.params, device))]):
        assert not isinstance(y, gg.Tensor)


@every_row
def test_layout_does_not_matter(row, device):
    sample = max(row.samples, key=lambda s: len(s.shapes[0]))
    operands = row.operands(sample)
    tensors = [gg.core.make(strided(x, device)) for x in operands]
    got = leaves(row.function(*tensors, **placed(sample.params, device)))
    check(row, got, reference(row, operands, sample.params), "float64", f"{row} {sample}")


@pytest.mark.parametrize("row", [row for row in ROWS if row.points], ids=str)
def test_value_at_special_points(row, device):
    for point in row.points:
        operands = [np.asarray(v, "float64") for v in (point if isinstance(point, tuple) else (point,))]
        want = reference(row, operands, {})
        got = leaves(row.function(*[gg.tensor(x, device=device) for x in operands]))
        if all(np.isfinite(w).all() for w in want):
            check(row, got, want, "float64", f"{row} at {point}")


ERRORS = [(row, sample) for row in ROWS for sample in row.errors]


@pytest.mark.parametrize(("row", "wrong"), ERRORS, ids=[f"{row}-{wrong.match}" for row, wrong in ERRORS])
def test_errors(row, wrong, device):
    operands = [gg.tensor(x, device=device) if isinstance(x, np.ndarray) else x for x in wrong.operands]
    with pytest.raises(wrong.error, match=wrong.match):
        row.function(*operands, **placed(wrong.params, device))


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_mean_square_of_many_keeps_the_digits(dtype):
    x = np.full(3_000_001, 0.1, dtype)
    np.testing.assert_allclose(gg.squared_error(x, 0 * x), x[0] * x[0], rtol=1e-5)
