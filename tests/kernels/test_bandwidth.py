"""The benchmark of the kernels runs and names each of them; its figures mean something on a GPU only."""

import json
import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "kernels.py"


@pytest.mark.slow
def test_every_kernel_is_measured(device, tmp_path, monkeypatch, capsys):
    file = tmp_path / "kernels.json"
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--elements", "4096", "--rows", "4", "--out", str(file)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    figures = json.loads(file.read_text())
    assert len(figures["kernels"]) == 3 * (20 + 7)
    assert all(kernel["ms"] > 0 for kernel in figures["kernels"].values())
    assert "tanh_grad bfloat16" in capsys.readouterr().out
