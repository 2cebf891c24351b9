"""One contestant in a process of its own: ``python -m gpugrad_bench.worker CONTESTANT DEVICE``.

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

from gpugrad import config

from . import agreement, limits
from .case import Setting
from .libraries import CONTESTANTS


class Worker:
    """The contestant; each method is a question."""

    def __init__(self, contestant: str, device: str) -> None:
        chosen = CONTESTANTS[contestant]
        # For all of them: else page faults, which depend on what was freed before, are most of the time that
        # PyTorch takes for the softmax of a large array, and now and then nothing of it.
        config.reuse_host_memory(True)
        self.device, self.function, self.library = device, chosen.function, chosen.library(device)
        self.step: Callable[[], Any] = lambda: None

    def limits(self) -> dict[str, float]:
        """What the device can do."""
        return limits.measure(self.device)

    def prepare(self, module: str, name: str) -> list[dict[str, Any]]:
        """Get ready for a case of a workload; a summary of what its second step gives (see `agreement`)."""
        self.step = lambda: None
        gc.collect()
        self.library.release()
        workload = importlib.import_module(module)
        make = getattr(workload, self.function, None)
        if make is None:
            raise LookupError("takes no part")
        case = next(c for c in workload.cases(self.device) if c.name == name)
        self.step = make(Setting(case, self.device, self.library))
        self.step()
        return [agreement.summary(part, self.library.to_numpy) for part in self.step()]

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
        print(json.dumps({"answer": None if isinstance(answer, Worker) else answer}), file=channel)
        return answer

    worker = reply(lambda: Worker(*sys.argv[1:]))
    if worker is None:
        return
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        reply(lambda: getattr(worker, question)(*arguments))  # noqa: B023 - called at once


def told(error: Exception) -> str:
    """One line that says what went wrong."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed; run: pip install {error.name}"
    text = str(error).strip().splitlines()
    return (f"{type(error).__name__}: {text[0]}" if text else type(error).__name__)[:200]


if __name__ == "__main__":
    main()
