"""Peak memory of a step, from the operating system."""

import sys

import numpy as np
import pytest
from gpugrad_bench import resident

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak and resets it")


def test_the_peak_is_what_a_step_holds_at_once():
    def step():
        for _ in range(3):
            np.ones(4_000_000)  # 32 MB, freed at once
        kept = [np.ones(2_000_000), np.ones(2_000_000)]
        return kept

    found = resident.peak(step)
    assert 31e6 < found < 36e6


def test_what_is_there_already_does_not_count():
    there = np.ones(4_000_000)
    assert resident.peak(lambda: there.sum()) < 2e6
