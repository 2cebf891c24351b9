"""The same boxes in Graphviz's language, and Graphviz itself where it is installed."""

from __future__ import annotations

from html import escape

from .boxes import OPERATION, Box
from .scene import FILL, GRADIENT, INK, VALUE, WIRE
from .sizes import is_round

INSTALL = "install Graphviz (apt-get install graphviz, brew install graphviz, or graphviz.org/download)"


def dot(boxes: list[Box], title: str) -> str:
    """The text of a ``.dot`` file. Values and gradients stand at the first wire that leaves a box."""
    lines = [
        f"digraph {_quoted(title)} {{",
        "  rankdir=LR; bgcolor=white;",
        f'  node [fontname="DejaVu Sans", fontcolor="{INK}", color="{INK}", fillcolor="{FILL}"];',
        f'  edge [fontname="DejaVu Sans", fontsize=11, color="{WIRE}", arrowsize=0.6];',
    ]
    labelled: set[int] = set()
    for i, box in enumerate(boxes):
        tooltip = _quoted(box.tooltip or box.label)
        lines.append(f"  n{i} [{_look(box)}, label={_label(box)}, tooltip={tooltip}];")
        for source in box.operands:
            texts = "" if source in labelled else _texts(boxes[source])
            labelled.add(source)
            lines.append(f"  n{source} -> n{i}{texts};")
    return "\n".join([*lines, "}"]) + "\n"


def _look(box: Box) -> str:
    if box.kind != OPERATION:
        return "shape=plaintext"
    return "shape=circle, style=filled, margin=0.02" if is_round(box) else 'shape=box, style="rounded,filled"'


def _label(box: Box) -> str:
    label = escape(box.label)
    return f'<{label}<BR/><FONT POINT-SIZE="9">{escape(box.note)}</FONT>>' if box.note else f"<{label}>"


def _texts(box: Box) -> str:
    lines = [f'<FONT COLOR="{VALUE}">{escape(line)}</FONT>' for line in box.value]
    lines += [f'<FONT COLOR="{GRADIENT}">{escape(line)}</FONT>' for line in box.gradient]
    return f" [label=<{'<BR/>'.join(lines)}>]" if lines else ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def is_installed() -> bool:
    """Whether the command ``dot`` is there."""
    import shutil  # here, since every import of gpugrad would pay for it

    return shutil.which("dot") is not None


def graphviz(text: str, kind: str) -> bytes:
    """What ``dot`` makes of ``text``: ``kind`` is ``svg`` or ``png``. RuntimeError if it is not installed."""
    import subprocess

    if not is_installed():
        raise RuntimeError(f'engine="dot" needs the command dot, which is not on the PATH; {INSTALL}')
    options = ["-Gdpi=144"] if kind == "png" else []
    run = subprocess.run(
        ["dot", f"-T{kind}", *options], input=text.encode(), capture_output=True, timeout=120, check=False
    )
    if run.returncode:
        raise RuntimeError(f"dot failed: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout
