"""``gpugrad bench``: the table, the file, and contestants that are missing."""

import json

from gpugrad.cli import main


def test_one_workload_is_measured_and_written(tmp_path, capsys):
    file = tmp_path / "figures.json"
    assert main(["bench", "--quick", "--only", "tiny_ops", "--out", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "tiny_ops" in shown and "gpugrad" in shown
    figures = json.loads(file.read_text())
    rows = {row["name"]: row for row in figures["seconds a step"]["tiny_ops"]}
    assert len(rows["gpugrad"]["samples"]) == 5 and min(rows["gpugrad"]["samples"]) > 0
    assert figures["environment"]["processor"]


def test_a_contestant_that_is_missing_is_a_line(capsys):
    assert main(["bench", "--quick", "--only", "mlp"]) == 0
    assert "autograd takes no part in mlp" in capsys.readouterr().out


def test_mistakes_are_one_line(tmp_path, capsys):
    assert main(["bench", "--only", "nothing"]) == 2
    error = capsys.readouterr().err
    assert "no workload 'nothing'; there are " in error and "mlp" in error and "tiny_ops" in error
    assert main(["bench", "--out", str(tmp_path / "no" / "file.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err
