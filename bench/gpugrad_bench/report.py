"""``report.md``: what ran where, the tables, and the pictures."""

from __future__ import annotations

from . import cells
from .record import Record

EXPLANATION = """\
Time of a step relative to eager PyTorch (to NumPy or CuPy by hand where PyTorch is missing), smaller is
better; in brackets the time itself. JAX is compiled (`jit`); by hand means NumPy or CuPy with the gradients
written out. Medians of rounds in which the contestants took turns, each in its own process, on a CPU on one
thread, after all had computed the same values and gradients. The spread is the width
of the middle half of the rounds, of the contestant where it is widest; the last column says what part of the
limit above gpugrad reaches (more than all of it where a cache holds the arrays, or where nothing is written).
"""


def markdown(record: Record, pictures: list[str]) -> str:
    """The report as Markdown, with the pictures beside it."""
    parts = [
        "# gpugrad beside its peers\n",
        _table(
            [
                ["", ""],
                *([k, str(v)] for k, v in record.environment.items()),
                ["limits", cells.limits(record)],
            ]
        ),
        "\n## Time\n",
        EXPLANATION,
        _table(cells.times(record)),
    ]
    memory = cells.peaks(record)
    if len(memory) > 1:
        parts += ["\n## Peak memory of a step\n", _table(memory)]
    failures = cells.failures(record)
    if failures:
        parts += ["\n## Not measured\n", "\n".join(f"- {line}" for line in failures)]
    parts += ["\n## The workloads\n", "\n".join(_described(record)), ""]
    parts += [f"\n![{name.removesuffix('.png')}]({name})" for name in pictures]
    return "\n".join(parts) + "\n"


def _described(record: Record) -> list[str]:
    titles = {row.workload: row.title for row in record.rows}
    return [f"- `{name}`: {title}" for name, title in titles.items()]


def _table(rows: list[list[str]]) -> str:
    head, *body = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
