"""One contestant in a process of its own: ``python -m gpugrad_bench.worker WORKLOAD CONTESTANT DEVICE``.

WORKLOAD is the name of a module (see `case`), or ``limits``.

It answers each line on standard input, a JSON list of a question and its arguments, with a line of JSON:
``{"answer": ...}``, or ``{"failure": ...}`` where the library raises; the first says whether it is ready.
What libraries print goes to standard error.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from . import agreement, limits
from .case import Setting
from .libraries import CONTESTANTS


class Worker:
    """The contestant; each method is a question."""

    def __init__(self, workload: str, contestant: str, device: str) -> None:
        chosen = CONTESTANTS[contestant]
        self.device, self.workload = device, importlib.import_module(workload)
        self.make = getattr(self.workload, chosen.function, None)
        if self.make is None:
            raise NotImplementedError("takes no part")
        self.library = chosen.library(device)
        self.step: Callable[[], Any] = lambda: None

    def prepare(self, name: str) -> list[dict[str, Any]]:
        """Get ready for a case; a summary of what its second step gives (see `agreement`)."""
        self.step = lambda: None
        gc.collect()
        case = next(c for c in self.workload.cases(self.device) if c.name == name)
        self.step = self.make(Setting(case, self.device, self.library))
        self.step()
        return [agreement.summary(self.library.to_numpy(part)) for part in self.step()]

    def time(self, steps: int) -> float:
        """Seconds for so many steps. The cyclic collector is off, as in timeit: it falls on whoever runs."""
        gc.collect()
        gc.disable()
        try:
            return self.library.seconds(self.step, steps)
        finally:
            gc.enable()

    def peak(self) -> int | None:
        """Peak memory of a step in bytes."""
        return self.library.peak(self.step)


class Limits:
    """What asks for the device's limits instead of a workload."""

    def __init__(self, device: str) -> None:
        self.device = device

    def measure(self) -> dict[str, float]:
        return limits.measure(self.device)


def main() -> None:
    """Answer until standard input ends."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def reply(ask: Callable[[], Any]) -> Any:
        try:
            answer = ask()
        except Exception as error:
            print(json.dumps({"failure": told(error)}), file=channel)
            return None
        print(json.dumps({"answer": None if isinstance(answer, Worker | Limits) else answer}), file=channel)
        return answer

    workload, contestant, device = sys.argv[1:]
    worker = reply(lambda: Limits(device) if workload == "limits" else Worker(workload, contestant, device))
    if worker is None:
        return
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        reply(lambda: getattr(worker, question)(*arguments))  # noqa: B023 - called at once


def told(error: Exception) -> str:
    """One line that says what went wrong."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed"
    text = str(error).strip().splitlines()
    return (f"{type(error).__name__}: {text[0]}" if text else type(error).__name__)[:200]


if __name__ == "__main__":
    main()
