"""What was measured of a case."""

from __future__ import annotations

import statistics
from typing import NamedTuple

from .case import Case


def takes_no_part(failure: str) -> bool:
    """Whether that is no failure: the workload has no function for the contestant, or it says so."""
    return "takes no part" in failure


class Result(NamedTuple):
    """One contestant: seconds a step in each round and peak bytes of a step, or why there are none."""

    name: str
    samples: list[float]
    peak: int | None = None
    failure: str = ""

    @property
    def median(self) -> float:
        """Seconds a step."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> float:
        """Half of the rounds lie in a band so wide, relative to the median."""
        if len(self.samples) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.samples, n=4)
        return (high - low) / self.median


class Row(NamedTuple):
    """A case of a workload, what that does, and how each contestant did."""

    workload: str
    title: str
    case: Case
    results: list[Result]

    @property
    def name(self) -> str:
        return f"{self.workload}/{self.case.name}"

    def of(self, contestant: str) -> Result | None:
        """That contestant's result, None without a time."""
        return next((r for r in self.results if r.name == contestant and r.samples), None)
