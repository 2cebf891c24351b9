"""The tables of a record as text, for the terminal and for the report alike."""

from __future__ import annotations

from collections import defaultdict

from .record import Record
from .row import Row

_TIMES = ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (float("inf"), 1.0, "s"))
_RATES = ((1e6, 1e3, "kB"), (1e9, 1e6, "MB"), (float("inf"), 1e9, "GB"))


def times(record: Record) -> list[list[str]]:
    """Header and rows: each contestant's time relative to eager PyTorch's and, in brackets, the time itself.

    Last are the widest spread among the contestants and what part of the device's limit gpugrad reaches.
    """
    names = record.contestants()
    table = [["", *names, "spread", "of the limit"]]
    for row in record.rows:
        table.append([row.name, *(_ratio_and_time(record, row, name) for name in names), *_last(record, row)])
    return table


def ratios(record: Record) -> list[list[str]]:
    """The same for a narrow screen: gpugrad's time first, of the others the ratio alone."""
    names = record.contestants()
    table = [["", "time", *names, "spread", "of limit"]]
    for row in record.rows:
        cells = (_ratio(record, row, name) for name in names)
        table.append([row.name, _time(row, "gpugrad"), *cells, *_last(record, row)])
    return table


def peaks(record: Record) -> list[list[str]]:
    """Header and rows: the peak memory of a step, for the cases and contestants of which it was measured."""
    found = {
        row.name: {r.name: size(r.peak) for r in row.results if r.peak is not None} for row in record.rows
    }
    names = [n for n in record.contestants() if any(n in row for row in found.values())]
    return [["", *names], *([name, *(row.get(n, "") for n in names)] for name, row in found.items() if row)]


def failures(record: Record) -> list[str]:
    """Who was not measured, in which cases, and why: a line for each reason.

    Who takes no part in a workload is not named.
    """
    cases: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in record.rows:
        for r in row.results:
            if r.failure and "takes no part" not in r.failure:
                cases[r.name, r.failure].append(row.name)
    every = len(record.rows)
    return [
        f"{name}: {reason}" + (f" ({', '.join(names)})" if len(names) < every else "")
        for (name, reason), names in cases.items()
    ]


def limits(record: Record) -> str:
    """The device's limits, in words."""
    rates = {name: rate for name, rate in record.limits.items() if name not in ("copy", "bfloat16")}
    products = ", ".join(f"{name} {rate / 1e9:,.0f} GFLOP/s" for name, rate in rates.items())
    copied = record.limits.get("copy")
    return f"copy {size(copied)}/s; matrix product {products}" if copied else "not measured"


def size(count: float) -> str:
    """Bytes with a unit."""
    factor, unit = next((factor, unit) for limit, factor, unit in _RATES if count < limit)
    return f"{count / factor:.3g} {unit}"


def duration(seconds: float) -> str:
    """Seconds with a unit, three digits."""
    factor, unit = next((factor, unit) for limit, factor, unit in _TIMES if seconds < limit)
    return f"{seconds * factor:.3g} {unit}"


def _time(row: Row, name: str) -> str:
    found = row.of(name)
    return duration(found.median / row.case.operations) if found else ""


def _ratio(record: Record, row: Row, name: str) -> str:
    found, base = row.of(name), record.base(row)
    return f"{found.median / base.median:.2f}" if found and base else ""


def _ratio_and_time(record: Record, row: Row, name: str) -> str:
    ratio, time = _ratio(record, row, name), _time(row, name)
    return f"{ratio} ({time})" if ratio else time


def _last(record: Record, row: Row) -> tuple[str, str]:
    ours = row.of("gpugrad")
    share = record.share(row, ours.median) if ours else None
    spread = max((r.spread for r in row.results if r.samples), default=0.0)
    return f"{spread:.0%}", f"{share:.0%}" if share else ""
