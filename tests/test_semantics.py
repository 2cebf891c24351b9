"""The table of ``docs/semantics.md``, row by row."""

import math
from pathlib import Path

import numpy as np
import pytest

import gpugrad as gg

PAGE = Path(__file__).parents[1] / "docs" / "semantics.md"
NAMES = {**vars(gg), "inf": math.inf, "nan": math.nan}


def _rows() -> list[tuple[str, str, str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| `")]
    return [tuple(cell.strip("`") for cell in row[:3]) for row in cells]


def _number(text: str) -> np.ndarray:
    value = np.array(eval(text, NAMES))
    return value.astype(complex if value.dtype.kind == "c" else float)


@pytest.mark.parametrize(("function", "x", "gradient"), _rows(), ids=lambda text: text)
def test_row(function, x, gradient, device):
    code = compile(function, str(PAGE), "eval")

    def total(t):
        return gg.sum(eval(code, {**NAMES, "x": t}))

    point = gg.tensor(_number(x), device=device)
    with np.errstate(all="ignore"):  # the value itself may be infinite
        got = gg.grad(total)(point).to("cpu").numpy()
    assert got.shape == point.shape
    np.testing.assert_allclose(got, _number(gradient), rtol=1e-15, atol=0)


def test_the_table_is_found():
    assert len(_rows()) > 50
