"""Contestants side by side: in turn, after they have computed the same."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from fnmatch import fnmatch
from typing import Any, NamedTuple

from . import agreement, workloads
from .case import Case
from .process import Failed, Process
from .row import Result, Row

# Whose results count where two differ: the first of these that takes part.
_TRUSTED = ("torch", "by hand", "jax", "torch.compile", "autograd", "gpugrad")


class Pace(NamedTuple):
    """How thorough: rounds of about so many seconds, and how long an answer may take (compilation too)."""

    rounds: int
    seconds: float
    patience: float


THOROUGH, QUICK = Pace(15, 0.1, 600), Pace(5, 0.02, 60)


def selected(patterns: Iterable[str], device: str, quick: bool = False) -> dict[str, list[Case]]:
    """The cases whose ``workload/case`` contains one of the patterns, by the name of the workload's module.

    ``*`` and ``?`` stand for any text and any character. quick: only those that are part of ``--quick``.
    """
    found: dict[str, list[Case]] = {}
    for name in sorted(m.name for m in pkgutil.iter_modules(workloads.__path__)):
        module = importlib.import_module(f".{name}", workloads.__name__)
        cases = [c for c in module.cases(device) if c.quick or not quick]
        wanted = [c for c in cases if any(fnmatch(f"{name}/{c.name}", f"*{p}*") for p in patterns)]
        if wanted:
            found[module.__name__] = wanted
    return found


def limits(device: str) -> Mapping[str, float]:
    """The limits of the device (see `limits.measure`). Raises `Failed`."""
    with closing(Process("by hand", device, 120)) as asked:
        return asked.ask("limits")


def measure(
    cases: Mapping[str, Iterable[Case]],
    contestants: Iterable[str],
    device: str,
    pace: Pace,
    report: Callable[[str], None],
) -> Iterator[Row]:
    """A row for each case, as soon as it is measured; ``cases`` are by module, as from `selected`.

    Contestants that are missing or fail are results as well.
    """
    with ExitStack() as stack:
        entrants = [stack.enter_context(closing(Process(n, device, pace.patience))) for n in contestants]
        for name in cases:
            for entrant in entrants:
                if device == "cpu":
                    # What one workload leaves in the allocator would show in the time and memory of the next.
                    entrant.close()
                entrant.start()  # all at once
            module = importlib.import_module(name)
            for case in cases[name]:
                yield _Match(module, case, entrants, pace, report).row()


class _Match:
    """One case: who fails on the way is out, with the reason."""

    def __init__(
        self, module: Any, case: Case, entrants: list[Process], pace: Pace, report: Callable[[str], None]
    ) -> None:
        self.module, self.workload = module, module.__name__.rpartition(".")[2]
        self.case, self.entrants, self.pace = case, entrants, pace
        self.failures: dict[str, str] = {}
        self.report = lambda text: report(f"{self.workload}/{case.name}: {text}")

    def row(self) -> Row:
        """Check, time, and count memory."""
        self._check()
        steps = self._steps()
        samples: dict[str, list[float]] = {e.name: [] for e in self.entrants}
        for k in range(self.pace.rounds):
            self.report(f"round {k + 1} of {self.pace.rounds}")
            for e in self._running():
                for seconds in self._ask("time", steps[e], of=[e]).values():
                    samples[e.name].append(seconds / steps[e])
        peaks = {e.name: peak for e, peak in self._ask("peak").items()} if self.case.memory else {}
        results = [
            Result(e.name, [], None, self.failures[e.name])
            if e.name in self.failures
            else Result(e.name, samples[e.name], peaks.get(e.name))
            for e in self.entrants
        ]
        return Row(self.workload, self.module.TITLE, self.case, results)

    def _check(self) -> None:
        """Let everybody get ready, and go on with those who agree with the one that is trusted most."""
        found: dict[str, list] = {}
        for e in self.entrants:
            self.report(f"{e.name} gets ready")
            answers = self._ask("prepare", self.module.__name__, self.case.name, of=[e])
            found |= {e.name: results for e, results in answers.items()}
        trusted = next((name for name in _TRUSTED if name in found), "")
        for name in found:
            wrong = agreement.difference(found[trusted], found[name], self.case.dtype)
            if wrong:
                self.failures[name] = f"differs from {trusted}: {wrong}"

    def _steps(self) -> dict[Process, int]:
        """How many make a round. This takes a step, and a whole round in which caches and heaps warm up."""
        steps = dict.fromkeys(self._running(), 1)
        for _ in range(2):
            for e in self._running():
                for seconds in self._ask("time", steps[e], of=[e]).values():
                    steps[e] = max(1, round(self.pace.seconds * steps[e] / max(seconds, 1e-7)))
        return steps

    def _running(self) -> list[Process]:
        return [e for e in self.entrants if e.name not in self.failures]

    def _ask(self, question: str, *arguments: Any, of: list[Process] | None = None) -> dict[Process, Any]:
        """The answers of those who have one."""
        answers = {}
        for e in self._running() if of is None else of:
            try:
                answers[e] = e.ask(question, *arguments)
            except Failed as error:
                self.failures[e.name] = str(error)
        return answers
