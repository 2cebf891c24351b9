"""What ``import gpugrad`` adds to ``import numpy``: processor time of whole processes, bytecode compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage

import pytest


def seconds_of_children() -> float:
    """Processor time of the processes that have ended: little changed by what else the machine does."""
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.benchmark(group="import", timer=seconds_of_children)
@pytest.mark.parametrize("code", ["pass", "import numpy", "import gpugrad"])
def test_import(benchmark, code, tmp_path):
    """The first round writes the bytecode and is not counted."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)  # this gpugrad

    def run() -> None:
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)

    benchmark.pedantic(run, rounds=25, warmup_rounds=1)
