"""``gpugrad bench``: what it prints and writes, an interruption, and mistakes."""

import json
import os
import tempfile

import pytest
from gpugrad_bench import measure, process

from gpugrad.cli import main

QUICK = ["bench", "--device", "cpu", "--quick", "--only", "tiny_ops", "--contestants", "gpugrad,by hand"]


@pytest.fixture(autouse=True)
def no_limits(monkeypatch):
    """Measuring the device takes a second, and is not what these tests are about."""
    monkeypatch.setattr(measure, "limits", lambda device: {"copy": 1e10, "float32": 1e11})


def test_a_workload_is_measured_and_everything_written(tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert main([*QUICK, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "tiny_ops/chain" in shown and "report.md" in shown
    found = json.loads((out / "results.json").read_text())
    (row,) = found["rows"]
    assert [r["name"] for r in row["results"]] == ["gpugrad", "by hand"]
    assert all(len(r["samples"]) == measure.QUICK.rounds for r in row["results"])
    assert {"device", "versions", "commit", "date", "BLAS"} <= set(found["environment"])
    assert found["environment"]["rounds"] == "5 of about 0.02 s"
    assert "tiny_ops/chain" in (out / "report.md").read_text()
    assert (out / "ratios.png").read_bytes().startswith(b"\x89PNG")


def test_an_interruption_keeps_what_is_measured(tmp_path, capsys, monkeypatch):
    measured = measure.measure

    def interrupted(*arguments):
        yield from measured(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "measure", interrupted)
    assert main([*QUICK, "--out", str(tmp_path)]) == 130
    shown = capsys.readouterr()
    assert f"interrupted; {tmp_path} holds the cases measured so far" in shown.err
    assert "tiny_ops/chain" in shown.out and "tiny_ops/chain" in (tmp_path / "report.md").read_text()


def test_an_interruption_before_the_first_case(tmp_path, capsys, monkeypatch):
    def interrupted(device):
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "limits", interrupted)
    assert main([*QUICK, "--out", str(tmp_path)]) == 130
    assert "interrupted; no case was measured so far" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_an_earlier_run_are_removed(tmp_path):
    (tmp_path / "roofline.png").write_bytes(b"old")
    (tmp_path / "mine.png").write_bytes(b"kept")
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    assert {file.name for file in tmp_path.iterdir()} == {
        "results.json",
        "report.md",
        "ratios.png",
        "mine.png",
    }


def test_without_the_limits_the_rest_is_measured(tmp_path, capsys, monkeypatch):
    def failing(device):
        raise process.Failed("no room")

    monkeypatch.setattr(measure, "limits", failing)
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    assert "the limits of the device are not measured: no room" in capsys.readouterr().err
    assert "| limits | not measured |" in (tmp_path / "report.md").read_text()


def test_where_there_is_no_terminal_each_case_is_a_line(tmp_path, capsys):
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().err.splitlines() == ["the limits of the device", "tiny_ops/chain"]


def test_times_are_relative_to_who_is_there(tmp_path, capsys):
    assert main([*QUICK, "--out", str(tmp_path)]) == 0
    assert "time of gpugrad, and relative to NumPy or CuPy by hand" in capsys.readouterr().out
    assert main([*QUICK[:-1], "gpugrad,gpugrad", "--out", str(tmp_path)]) == 0
    assert "and relative to" not in capsys.readouterr().out
    (row,) = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert [r["name"] for r in row["results"]] == ["gpugrad"]


def test_a_failure_of_gpugrad_is_an_exit_code(tmp_path, monkeypatch, capsys):
    def failing(cases, *arguments):
        for case in next(iter(cases.values())):
            yield measure.Row("tiny_ops", "", case, [measure.Result("gpugrad", [], None, "wrong")])

    monkeypatch.setattr(measure, "measure", failing)
    assert main([*QUICK, "--out", str(tmp_path)]) == 1
    assert "not measured: gpugrad: wrong" in capsys.readouterr().out


def test_the_cases_are_listed(capsys):
    assert main(["bench", "--device", "cpu", "--list"]) == 0
    shown = capsys.readouterr().out
    assert "tiny_ops/chain" in shown and "contestants: gpugrad, torch, torch.compile" in shown


def test_mistakes_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GPUGRAD_DEVICE", "cpu")
    assert main(["bench", "--only", "tiny_ops", "--only", "nothing"]) == 2
    assert "no case is named like nothing; gpugrad bench --list names them" in capsys.readouterr().err
    assert main([*QUICK[:-1], "gpugrad,nobody"]) == 2
    assert "no contestant 'nobody'; there are gpugrad, torch, " in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main([*QUICK, "--out", str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_measured(
    tmp_path, capsys, monkeypatch
):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", f"{dir}/tmp123")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(measure, "limits", lambda device: pytest.fail("it was measured"))
    assert main([*QUICK, "--out", str(tmp_path)]) == 2
    told = f"cannot write to {tmp_path}: Permission denied; name another folder by --out"
    assert told in capsys.readouterr().err


def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path, capsys, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main([*QUICK, "--out", str(tmp_path)]) == 2
    assert f"{tmp_path / 'results.json'}: No space left on device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
