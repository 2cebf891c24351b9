"""Every derivative: against central differences, each mode against the other, at kinks and special points."""

import numpy as np
import optree
import pytest
from table import ROWS
from table.running import assert_near, dtypes, host, leaves, on_floats, placed, strided

import gpugrad as gg

SMOOTH = [row for row in ROWS if row.smooth]
every_row = pytest.mark.parametrize("row", SMOOTH, ids=str)


def samples(row, device):
    """Those with elements; on CUDA, where every new kernel is compiled, one of the largest."""
    some = [s for s in row.samples if all(0 not in shape for shape in s.shapes)]
    return some if device == "cpu" else [max(some, key=lambda s: sum(map(len, s.shapes)))]


@every_row
def test_derivatives_of_order_1_and_2(row, device):
    for sample in samples(row, device):
        f, operands = on_floats(row, sample, device)
        gg.testing.check_grads(f, operands)


@pytest.mark.parametrize("row", [row for row in SMOOTH if "c" in row.dtypes], ids=str)
def test_complex_derivatives(row):
    for sample in samples(row, "cpu"):
        f, operands = on_floats(row, sample, "cpu", "complex128")
        gg.testing.check_grads(f, operands)


@every_row
def test_gradients_have_dtype_and_shape_of_the_operand(row, device):
    for dtype in dtypes(row, device):
        for sample in row.samples if device == "cpu" else samples(row, device):
            f, operands = on_floats(row, sample, device, dtype)
            result, pull = gg.vjp(f, *operands)
            for x, g in zip(operands, pull(result), strict=True):
                assert (g.dtype, g.shape) == (x.dtype, x.shape), f"{row} {sample}"
            for y, t in zip(*map(_leaves, gg.jvp(f, tuple(operands), tuple(operands))), strict=True):
                assert (t.dtype, t.shape) == (y.dtype, y.shape), f"{row} {sample}"


@every_row
def test_layout_does_not_matter(row, device):
    sample = samples(row, device)[-1]
    f, operands = on_floats(row, sample, device)
    views = [strided(host(x), device) for x in operands]
    want, pull = gg.vjp(f, *operands)
    cotangents = optree.tree_map(lambda y: np.linspace(-1, 1, y.size, dtype=y.dtype).reshape(y.shape), want)
    gradients = pull(placed(cotangents, device))
    result, pull = gg.vjp(f, *views)
    got = pull(optree.tree_map(lambda g: strided(g, device), cotangents))
    for g, w in zip(leaves((result, got)), leaves((want, gradients)), strict=True):
        assert_near(g, w, 8 * row.condition, f"{row} {sample}")


def _leaves(tree):
    return tree if isinstance(tree, (tuple, list)) else (tree,)


def _at(point, device, dtype="float64"):
    coordinates = point if isinstance(point, tuple) else (point,)
    return [gg.tensor(float(v), dtype=dtype, device=device) for v in coordinates]


@pytest.mark.parametrize("row", [row for row in SMOOTH if row.points], ids=str)
def test_finite_at_special_points(row, device):
    positions = tuple(range(len(row.points[0]) if isinstance(row.points[0], tuple) else 1))
    slopes = gg.grad(row.function, positions)
    curvatures = gg.grad(lambda *xs: sum(slopes(*xs)), positions)
    for dtype in dtypes(row, device):
        for point in row.points if dtype[0] == "f" else ():
            if np.max(np.abs(point)) > np.finfo(dtype).max:
                continue
            for order, derivative in ((1, slopes), (2, curvatures)):
                got = [host(g).item() for g in derivative(*_at(point, device, dtype))]
                assert np.isfinite(got).all(), f"{row} {dtype}, order {order} at {point}: {got}"


@pytest.mark.parametrize("row", [row for row in SMOOTH if row.kinks], ids=str)
@np.errstate(all="ignore")
def test_gradient_at_kinks(row, device):
    for point, want in row.kinks.items():
        operands = _at(point, device)
        wanted = want if isinstance(want, tuple) else (want,)
        got = [host(g).item() for g in gg.grad(row.function, tuple(range(len(operands))))(*operands)]
        np.testing.assert_allclose(got, wanted, rtol=1e-15, err_msg=f"{row} at {point}, reverse mode")
        for i, slope in enumerate(wanted):
            tangent = gg.tensor(1.0, device=device)
            pushed = gg.jvp(_along(row.function, operands, i), (operands[i],), (tangent,))[1]
            np.testing.assert_allclose(
                host(pushed), slope, rtol=1e-15, err_msg=f"{row} at {point}, forward mode"
            )


def _along(f, operands, i):
    """``f`` of operand ``i`` alone."""
    return lambda x: f(*operands[:i], x, *operands[i + 1 :])
