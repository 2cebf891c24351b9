"""The pictures of a record: ratios, roofline, time against size."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from . import cells
from .record import Record
from .row import Row


class Style(NamedTuple):
    """How a contestant is drawn, the same in every picture; the colours differ with any colour vision."""

    colour: str
    marker: str


STYLES = {
    "gpugrad": Style("#4477aa", "o"),
    "torch": Style("#ee6677", "s"),
    "torch.compile": Style("#aa3377", "D"),
    "jax": Style("#228833", "^"),
    "autograd": Style("#ccbb44", "v"),
    "by hand": Style("#555555", "x"),
}
_GRID = {"color": "#dddddd", "linewidth": 0.8}
_LINE = 0.26  # inches a row


def pictures(record: Record) -> dict[str, bytes]:
    """PNG files by name; a picture for which there is nothing to draw is left out."""
    drawn = {name: draw(record) for name, draw in DRAWINGS.items()}
    return {name: _png(figure) for name, figure in drawn.items() if figure is not None}


def ratios(record: Record) -> Any:
    """Times relative to the one that others are compared with: gpugrad's a bar from 1, the others marks."""
    rows = [row for row in record.rows if record.base(row)]
    if not rows:
        return None
    figure, axes = _figure(8.5, 1.6 + _LINE * len(rows))
    for y, row in enumerate(rows):
        base = record.base(row)
        for name, style in STYLES.items():
            found = row.of(name)
            if not found or found is base or base is None:
                continue
            ratio = found.median / base.median
            if name == "gpugrad":
                axes.barh(y, ratio - 1, left=1, height=0.62, color=style.colour, alpha=0.85, zorder=2)
            else:
                axes.plot(ratio, y, style.marker, color=style.colour, markersize=5.5, zorder=3)
    bases = {found.name for row in rows if (found := record.base(row))}
    for name in sorted(bases):
        axes.axvline(1, color=STYLES[name].colour, linewidth=1.6, zorder=1)
    _bands(axes, rows)
    axes.set(xscale="log", ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8.5)
    _plain_ticks(axes)
    axes.set_xlabel(f"time relative to {cells.base(record)} (left is quicker)")
    axes.set_title(_where(record), loc="left")
    axes.grid(axis="x", **_GRID)
    axes.tick_params(axis="y", length=0)
    _legend(figure, [n for n in STYLES if any(row.of(n) for row in rows)], lines=bases, bars=("gpugrad",))
    return figure


def roofline(record: Record) -> Any:
    """Flop/s reached against flops a byte, under the rates of copies and matrix products."""
    rows = [row for row in record.rows if row.case.flops and row.case.bytes and row.of("gpugrad")]
    dtypes = list(dict.fromkeys(row.case.dtype for row in rows if row.case.dtype in record.limits))
    if not dtypes or "copy" not in record.limits:
        return None
    figure, axes = _figure(8.5, 5.6)
    intensities = [row.case.flops / row.case.bytes for row in rows]
    left, right = min(intensities) / 3, max(intensities) * 3
    slope = record.limits["copy"] / 1e9
    for limit in dict.fromkeys(record.limits[dtype] for dtype in dtypes):
        roof = limit / 1e9
        knee = min(max(roof / slope, left), right)
        axes.plot(
            [left, knee, right], [slope * left, min(roof, slope * knee), roof], color="#999999", zorder=1
        )
        axes.annotate(
            f"{', '.join(d for d in dtypes if record.limits[d] == limit)} {roof:,.0f} GFLOP/s",
            (right, roof),
            (0, 4),
            textcoords="offset points",
            ha="right",
            fontsize=8,
        )
    for row in rows:
        for name in ("torch", "gpugrad"):
            if found := row.of(name):
                point = row.case.flops / row.case.bytes, row.case.flops / found.median / 1e9
                axes.plot(*point, STYLES[name].marker, color=STYLES[name].colour, markersize=5, alpha=0.8)
    _name_groups(axes, rows)
    axes.set(xscale="log", yscale="log", xlim=(left, right))
    axes.set_xlabel("flops a byte, at the least traffic possible")
    axes.set_ylabel("GFLOP/s")
    axes.set_title(f"{_where(record)}; copy {cells.size(record.limits['copy'])}/s", loc="left")
    axes.grid(**_GRID)
    _legend(figure, [name for name in ("gpugrad", "torch") if any(row.of(name) for row in rows)])
    return figure


def sizes(record: Record) -> Any:
    """Time of a step against the number of elements, a panel for each workload that has sizes."""
    sized = [row for row in record.rows if row.case.size]
    groups = list(dict.fromkeys((row.workload, row.case.dtype) for row in sized))
    if not groups:
        return None
    figure, first = _figure(5.6 * len(groups), 4.6, columns=len(groups))
    for axes, group in zip(first if len(groups) > 1 else [first], groups, strict=True):
        rows = [row for row in sized if (row.workload, row.case.dtype) == group]
        for name, style in STYLES.items():
            points = [(row.case.size, r.median * 1e3) for row in rows if (r := row.of(name))]
            if points:
                axes.plot(*zip(*points, strict=True), marker=style.marker, color=style.colour, markersize=5)
        axes.set(xscale="log", yscale="log", xlabel="elements", ylabel="ms a step")
        axes.set_title(f"{group[0]}, {group[1]}", loc="left")
        axes.grid(**_GRID)
    figure.suptitle(_where(record), fontsize=10)
    _legend(figure, [n for n in STYLES if any(row.of(n) for row in sized)])
    return figure


DRAWINGS: dict[str, Callable[[Record], Any]] = {
    "ratios.png": ratios,
    "roofline.png": roofline,
    "sizes.png": sizes,
}


def _figure(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns)
    for one in figure.axes:
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _bands(axes: Any, rows: list[Row]) -> None:
    """Every other workload on grey, so that its rows are seen together."""
    names = list(dict.fromkeys(row.workload for row in rows))
    for y, row in enumerate(rows):
        if names.index(row.workload) % 2:
            axes.axhspan(y - 0.5, y + 0.5, color="#f3f3f3", zorder=0)


def _name_groups(axes: Any, rows: list[Row]) -> None:
    """The name of each workload, at the highest of its points."""
    from matplotlib.patheffects import withStroke

    best: dict[str, tuple[float, float]] = {}
    for row in rows:
        found = row.of("gpugrad")
        if found:
            point = row.case.flops / row.case.bytes, row.case.flops / found.median / 1e9
            best[row.workload] = max(best.get(row.workload, (0.0, 0.0)), point, key=lambda p: p[1])
    halo = [withStroke(linewidth=2.5, foreground="white")]
    for name, point in best.items():
        axes.annotate(
            name,
            point,
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            path_effects=halo,
            zorder=1.5,  # above the roof, below the points
        )


def _plain_ticks(axes: Any) -> None:
    """Numbers instead of powers along a logarithmic axis, and more of them than one a decade."""
    from matplotlib.ticker import LogLocator, NullFormatter

    left, right = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if right < 1000 * left else (1,)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def _legend(figure: Any, names: list[str], lines: Collection[str] = (), bars: Collection[str] = ()) -> None:
    """The names with their marks, or with what they are drawn as instead."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def handle(name: str) -> Any:
        colour, marker = STYLES[name]
        if name in lines:
            return Line2D([], [], color=colour, linewidth=1.6, label=name)
        if name in bars:
            return Patch(color=colour, alpha=0.85, label=name)
        return Line2D([], [], color=colour, marker=marker, linestyle="", label=name)

    handles = [handle(name) for name in names]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(names), frameon=False, fontsize=9)


def _where(record: Record) -> str:
    device = str(record.environment.get("device", record.device))
    return f"{device}; one thread" if record.device == "cpu" else device


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    return content.getvalue()
