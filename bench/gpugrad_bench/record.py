"""What a run has found, and ``results.json``, which holds all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from .case import Case
from .row import Result, Row

SCHEMA = 1


class Record(NamedTuple):
    """Where it ran, what the device can do (bytes/s and flop/s, see `limits`), and the rows so far."""

    device: str
    environment: dict[str, Any]
    limits: dict[str, float]
    rows: list[Row]

    def share(self, row: Row, seconds: float) -> float | None:
        """What part of the device's rate is reached; None where neither arithmetic nor traffic counts."""
        needed = [0.0]
        if row.case.bytes and "copy" in self.limits:
            needed.append(row.case.bytes / self.limits["copy"])
        if row.case.flops and row.case.dtype in self.limits:
            needed.append(row.case.flops / self.limits[row.case.dtype])
        return max(needed) / seconds or None

    def base(self, row: Row) -> Result | None:
        """What times are relative to: eager PyTorch, without it NumPy or CuPy by hand."""
        return row.of("torch") or row.of("by hand")

    def contestants(self) -> list[str]:
        """Those with a time in any row, in the order of the first row that has them."""
        return list(dict.fromkeys(r.name for row in self.rows for r in row.results if r.samples))


def to_json(record: Record) -> str:
    """The record as text: every sample is there."""
    rows = [
        {
            "workload": row.workload,
            "title": row.title,
            "case": {**row.case._asdict(), "parameters": dict(row.case.parameters)},
            "results": [r._asdict() for r in row.results],
        }
        for row in record.rows
    ]
    return json.dumps({"schema": SCHEMA, **record._asdict(), "rows": rows}, indent=1)


def load(file: Path) -> Record:
    """The record in a ``results.json``. Raises ValueError if the file is of another kind."""
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"{file} is no results.json of this version: expected schema {SCHEMA}")
    rows = [
        Row(row["workload"], row["title"], Case(**row["case"]), [Result(**r) for r in row["results"]])
        for row in found["rows"]
    ]
    return Record(found["device"], found["environment"], found["limits"], rows)
