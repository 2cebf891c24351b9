"""Every operation under vmap: the same as one call for each example, value and derivatives."""

import numpy as np
import optree
import pytest
from table import ROWS
from table.row import PRIMITIVES
from table.running import assert_near, leaves, placed, wide

import gpugrad as gg

EXAMPLES = 3
WITHOUT_VALUE = ("nonzero",)
"""Operations whose results have another shape in each example."""

rows = [row for row in ROWS if row.name not in WITHOUT_VALUE]
every_row = pytest.mark.parametrize("row", rows, ids=str)


def cases(row, device):
    """Samples, each with every operand mapped alone and all of them together."""
    samples = [s for s in row.samples if all(0 not in shape for shape in s.shapes)]
    if device != "cpu":
        samples = [max(samples, key=lambda s: sum(map(len, s.shapes)))]
    for sample in samples:
        n = len(sample.shapes)
        for mapped in {(True,) * n, *[tuple(i == k for i in range(n)) for k in range(n)]} - {()}:
            examples = [row.operands(sample, seed=seed) for seed in range(EXAMPLES)]
            operands = [
                np.stack([e[i] for e in examples]) if m else examples[0][i] for i, m in enumerate(mapped)
            ]
            params = placed(sample.params, device)
            yield (
                lambda *xs, params=params: row.function(*xs, **params),
                placed(operands, device),
                tuple(0 if m else None for m in mapped),
                f"{row} {sample} mapped {mapped}",
            )


def one_by_one(f, operands, in_axes):
    """The results of calls on one example after the other, stacked."""
    results = []
    for i in range(EXAMPLES):
        results.append(
            leaves(f(*[x if a is None else x.take(i, a) for x, a in zip(operands, in_axes, strict=True)]))
        )
    return [np.stack(ys) for ys in zip(*results, strict=True)]


def compare(row, got, want, what):
    assert len(got) == len(want), what
    for g, w in zip(got, want, strict=True):
        assert g.dtype == w.dtype, what
        scale = max(1.0, np.abs(wide(w)).max(initial=0, where=np.isfinite(wide(w))))
        assert_near(g, wide(w), 64 * row.condition * scale, what)


@every_row
def test_value(row, device):
    for f, operands, in_axes, what in cases(row, device):
        compare(row, leaves(gg.vmap(f, in_axes)(*operands)), one_by_one(f, operands, in_axes), what)


@every_row
def test_other_axes(row):
    for f, operands, in_axes, what in cases(row, "cpu"):
        moved = [x if a is None else np.moveaxis(x, 0, -1) for x, a in zip(operands, in_axes, strict=True)]
        last = tuple(a if a is None else -1 for a in in_axes)
        got = leaves(gg.vmap(f, last, out_axes=-1)(*moved))
        want = [np.moveaxis(y, 0, -1) for y in one_by_one(f, operands, in_axes)]
        compare(row, got, want, what)


def gradients(f):
    """The products of the gradients of ``f`` with its own result, for float operands."""

    def pulled(*xs):
        floats = [i for i, x in enumerate(xs) if x.dtype.kind in "fc"]

        def g(*given):
            called = list(xs)
            for i, x in zip(floats, given, strict=True):
                called[i] = x
            return optree.tree_leaves(f(*called))

        results, pull = gg.vjp(g, *[xs[i] for i in floats])
        return pull(results)

    return pulled


smooth = pytest.mark.parametrize("row", [row for row in rows if row.smooth], ids=str)


@smooth
def test_gradient_of_each_example(row, device):
    for f, operands, in_axes, what in cases(row, device):
        inside = gradients(f)
        compare(row, leaves(gg.vmap(inside, in_axes)(*operands)), one_by_one(inside, operands, in_axes), what)


@smooth
def test_second_derivatives(row):
    for f, operands, in_axes, what in cases(row, "cpu"):
        twice = gradients(gradients(f))
        compare(row, leaves(gg.vmap(twice, in_axes)(*operands)), one_by_one(twice, operands, in_axes), what)


@smooth
def test_gradient_through_vmap(row, device):
    """The gradient of an operand that all share is the sum of those of the examples."""
    for f, operands, in_axes, what in cases(row, device):
        outside = leaves(gradients(gg.vmap(f, in_axes))(*operands))
        each = one_by_one(gradients(f), operands, in_axes)
        axes = [a for x, a in zip(operands, in_axes, strict=True) if x.dtype.kind in "fc"]
        compare(row, outside, [g if a == 0 else g.sum(0) for g, a in zip(each, axes, strict=True)], what)


@smooth
def test_forward_mode(row):
    for f, operands, in_axes, what in cases(row, "cpu"):
        floats = [i for i, x in enumerate(operands) if x.dtype.kind in "fc"]

        def pushed(*xs, f=f, floats=floats):
            def g(*given):
                called = list(xs)
                for i, x in zip(floats, given, strict=True):
                    called[i] = x
                return f(*called)

            primals = tuple(xs[i] for i in floats)
            return gg.jvp(g, primals, primals)[1]

        if floats:
            compare(
                row, leaves(gg.vmap(pushed, in_axes)(*operands)), one_by_one(pushed, operands, in_axes), what
            )


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_every_primitive_has_a_rule(name):
    """The loop over the examples is for users' primitives; those here have rules."""
    assert "batch" in vars(PRIMITIVES[name].primitive), f"{name} needs a batching rule in ops/batching.py"
