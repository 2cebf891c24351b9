"""Contestants side by side: each in its own process, in turn, on one thread, the same values checked first.

``OPENBLAS_CORETYPE`` is taken out of the workers' environment: where an image sets it, NumPy's matrix product
is silently slower than the processor allows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

CONTESTANTS = ("gpugrad", "torch", "jax", "autograd", "numpy")
_WORKER = Path(__file__).parent / "worker.py"


class Result(NamedTuple):
    """One contestant: median, quickest and slowest round in seconds a step, or why there is none."""

    name: str
    samples: list[float]
    failure: str = ""

    @property
    def median(self) -> float:
        """Seconds a step."""
        return statistics.median(self.samples)


class _Worker:
    def __init__(self, workload: str, contestant: str) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        environment |= {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)  # this gpugrad
        self.name = contestant
        self.process = subprocess.Popen(
            [sys.executable, str(_WORKER), workload, contestant],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, error = self.process.communicate()
            raise RuntimeError((error.strip().splitlines() or ["it ended without a word"])[-1])
        return line

    def ask(self, question: str) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return json.loads(self.read())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def compare(
    workload: str,
    contestants: tuple[str, ...] = CONTESTANTS,
    *,
    rounds: int = 15,
    seconds: float = 0.1,
    report: Callable[[str], None] = lambda text: None,
) -> list[Result]:
    """Medians of ``rounds`` rounds of about ``seconds`` each, the contestants taking turns.

    A contestant that is missing or fails is a Result with a ``failure``. Raises ValueError if one computes
    other values than the first.
    """
    workers: list[_Worker] = []
    results: dict[str, Result] = {}
    try:
        for name in contestants:
            worker = _Worker(workload, name)
            try:
                worker.read()
                workers.append(worker)
            except RuntimeError as error:
                results[name] = Result(name, [], str(error))
                worker.close()
        _check_values(workload, workers)
        steps = {w.name: max(1, round(seconds / max(w.ask("time 1"), 1e-6))) for w in workers}
        for w in workers:
            results[w.name] = Result(w.name, [])
        for k in range(rounds):
            report(f"{workload}: round {k + 1} of {rounds}")
            for w in workers:
                results[w.name].samples.append(w.ask(f"time {steps[w.name]}") / steps[w.name])
    finally:
        for w in workers:
            w.close()
    return [results[name] for name in contestants if name in results]


def _check_values(workload: str, workers: list[_Worker]) -> None:
    values = {w.name: w.ask("check") for w in workers}
    first = next(iter(values), None)
    for name, parts in values.items():
        for i, (a, b) in enumerate(zip(values[first], parts, strict=True)):
            scale = max((abs(v) for v in a), default=1.0)
            worst = max((abs(x - y) for x, y in zip(a, b, strict=True)), default=0.0)
            if not worst <= 1e-3 * scale:
                raise ValueError(f"{workload}: result {i} of {name} is off that of {first} by {worst:.3g}")
