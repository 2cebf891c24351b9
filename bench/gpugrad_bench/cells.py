"""The tables of a record as text, for the terminal and for the report alike."""

from __future__ import annotations

from collections import defaultdict

from .record import Record
from .row import Row, takes_no_part

_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_BASES = {"torch": "eager PyTorch", "by hand": "NumPy or CuPy by hand"}


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
            if r.failure and not takes_no_part(r.failure):
                cases[r.name, r.failure].append(row.name)
    every = len(record.rows)
    return [
        f"{name}: {reason}" + (f" ({', '.join(names)})" if len(names) < every else "")
        for (name, reason), names in cases.items()
    ]


def base(record: Record) -> str:
    """What the times of the record are relative to, in words."""
    bases = dict.fromkeys(found.name for row in record.rows if (found := record.base(row)))
    return " or ".join(_BASES[name] for name in bases)


def limits(record: Record) -> str:
    """The device's limits, in words."""
    rates = {name: rate for name, rate in record.limits.items() if name not in ("copy", "bfloat16")}
    products = ", ".join(f"{name} {rate / 1e9:,.0f} GFLOP/s" for name, rate in rates.items())
    copied = record.limits.get("copy")
    return f"copy {size(copied)}/s; matrix product {products}" if copied else "not measured"


def size(count: float) -> str:
    """Bytes with a unit, three digits."""
    return _with_unit(count, _SIZES)


def duration(seconds: float) -> str:
    """Seconds with a unit, three digits."""
    return _with_unit(seconds, _TIMES)


def _with_unit(number: float, units: tuple[tuple[float, str], ...]) -> str:
    """In the largest unit of which it is at least one once it is rounded, or in the smallest."""
    rounded = float(f"{number:.3g}")
    scale, unit = next((u for u in units if rounded >= u[0]), units[-1])
    return f"{float(f'{rounded / scale:.3g}'):g} {unit}"


def _time(row: Row, name: str) -> str:
    found = row.of(name)
    return duration(found.median / row.case.operations) if found else ""


def _ratio(record: Record, row: Row, name: str) -> str:
    found, base = row.of(name), record.base(row)
    if not found or not base:
        return ""
    ratio = found.median / base.median
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def _ratio_and_time(record: Record, row: Row, name: str) -> str:
    ratio, time = _ratio(record, row, name), _time(row, name)
    return f"{ratio} ({time})" if ratio else time


def _last(record: Record, row: Row) -> tuple[str, str]:
    ours = row.of("gpugrad")
    share = record.share(row, ours.median) if ours else None
    spread = max((r.spread for r in row.results if r.samples), default=0.0)
    return f"{spread:.0%}", f"{share:.0%}" if share else ""
