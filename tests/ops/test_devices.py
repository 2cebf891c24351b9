"""The same numbers on every device."""

import numpy as np
import pytest
from table import ROWS
from table.running import assert_near, leaves, on_floats, wide

import gpugrad as gg


def outcome(row, sample, device):
    """Value, gradient and gradient of the gradient, in float32."""
    f, operands = on_floats(row, sample, device, "float32")
    if not row.smooth or not operands:
        return leaves(f(*operands))

    def gradients(*xs):
        result, pull = gg.vjp(f, *xs)
        return pull(result)

    first, pull = gg.vjp(gradients, *operands)
    return leaves((f(*operands), first, pull(first)))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_same_on_every_device(row, device):
    if device == "cpu":
        pytest.skip("the CPU is what the others are compared with")
    for sample in row.samples:
        for got, want in zip(outcome(row, sample, device), outcome(row, sample, "cpu"), strict=True):
            assert got.dtype == want.dtype
            scale = max(1.0, np.abs(wide(want)).max(initial=0))
            assert_near(got, wide(want), 64 * row.condition * scale, f"{row} {sample}")
