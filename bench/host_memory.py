"""What ``gg.config.reuse_host_memory(True)`` changes: time, page faults and the peak of memory.

    python bench/host_memory.py [--rounds N]

Every measurement has a process of its own, with the setting and without it in turn. Times are processor time
on one thread, the median of the rounds; page faults are those of one step, once the first ones are over.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage

import numpy as np

import gpugrad as gg
from gpugrad import nn, optim

SIZES = (0.25, 1, 2, 4, 16, 32, 64, 256)
BATCHES = (128, 8192)
Step = Callable[[], object]


def expression(mib: float) -> Step:
    """Four NumPy operations on a float32 array of that size."""
    x = np.full(int(mib * (1 << 18)), 0.5, "f4")
    return lambda: np.maximum(x * x + x, 0) * x


def elementwise() -> Step:
    """``sum(tanh(x) sigmoid(x) + relu(x) x**2)`` of 4,000,000 float32, forward and backward."""
    x = gg.tensor(np.linspace(-2, 2, 4_000_000, dtype="f4"), requires_grad=True, device="cpu")

    def step() -> None:
        (gg.tanh(x) * gg.sigmoid(x) + gg.relu(x) * x**2).sum().backward()
        x.grad = None

    return step


def training(batch: int) -> Step:
    """A step of Adam on a classifier 784-512-256-10."""
    rng = np.random.default_rng(0)
    model = nn.MLP((784, 512, 256, 10), seed=0, device="cpu")
    adam = optim.Adam(model.parameters())
    x = gg.tensor(rng.normal(size=(batch, 784)), dtype="float32", device="cpu")
    labels = gg.tensor(rng.integers(0, 10, batch), device="cpu")

    def step() -> None:
        gg.softmax_cross_entropy(model(x), labels).backward()
        adam.step()
        adam.zero_grad()

    return step


def growing() -> Step:
    """An array that grows by 1 MiB a hundred times: what keeping memory suits least."""

    def step() -> None:
        x = piece = np.ones(1 << 18, "f4")
        for _ in range(99):
            x = np.concatenate([x, piece])

    return step


CASES: dict[str, Callable[[], Step]] = {
    **{f"NumPy, {mib:g} MiB": lambda mib=mib: expression(mib) for mib in SIZES},
    "elementwise, 15 MiB": elementwise,
    **{f"MLP, Adam, batch {batch:,}": lambda batch=batch: training(batch) for batch in BATCHES},
    "growing to 100 MiB": growing,
}


def measure(case: str, seconds: float = 0.5) -> dict[str, float]:
    """Seconds and page faults of a step, and the peak of the process in MiB."""
    step = CASES[case]()
    for _ in range(2):
        step()
    start = time.process_time()
    step()
    steps = max(1, round(seconds / (time.process_time() - start)))
    faults, start = getrusage(RUSAGE_SELF).ru_minflt, time.process_time()
    for _ in range(steps):
        step()
    spent, usage = time.process_time() - start, getrusage(RUSAGE_SELF)
    return {
        "seconds": spent / steps,
        "faults": (usage.ru_minflt - faults) / steps,
        "peak": usage.ru_maxrss / 1024,
    }


def apart(case: str, setting: str) -> dict[str, float]:
    """``measure`` in a process of its own; ``setting`` is ``"on"`` or ``"off"``."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)  # this gpugrad
    command = [sys.executable, __file__, "--case", case, setting]
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        case, setting = args.case
        if setting == "on" and not gg.config.reuse_host_memory(True):
            sys.exit("the allocator of this machine cannot be told to keep memory")
        print(json.dumps(measure(case)))
        return

    print(f"{'':22} {'ms off':>9} {'ms on':>9} {'on/off':>7} {'faults off, on':>15} {'peak MiB off, on':>17}")
    for case in CASES:
        runs = [{setting: apart(case, setting) for setting in ("off", "on")} for _ in range(args.rounds)]
        off, on = (
            {
                key: statistics.median(run[setting][key] for run in runs)
                for key in ("seconds", "faults", "peak")
            }
            for setting in ("off", "on")
        )
        ratio = statistics.median(run["on"]["seconds"] / run["off"]["seconds"] for run in runs)
        print(
            f"{case:22} {off['seconds'] * 1e3:9.3f} {on['seconds'] * 1e3:9.3f} {ratio:7.2f} "
            f"{off['faults']:9.0f} {on['faults']:5.0f} {off['peak']:11.0f} {on['peak']:5.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
