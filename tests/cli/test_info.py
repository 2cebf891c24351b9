"""``gpugrad info``, the version, and the machine's description."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest

import gpugrad
from gpugrad.backend import cuda
from gpugrad.cli import blas, main


def test_info_names_versions_devices_and_cuda(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert out.split()[:2] == ["gpugrad", gpugrad.__version__]
    for part in (np.__version__, "optree", "BLAS", "cpu ", "default "):
        assert part in out
    for finding in cuda.status():
        assert finding.name in out


def test_info_says_what_is_missing_and_what_installs_it(capsys, monkeypatch):
    advice = 'ImportError; run: pip install --upgrade "gpugrad[cuda13]"'
    findings = [cuda.Finding("the NVIDIA driver", "for CUDA 13.2"), cuda.Finding("CuPy", None, advice)]
    monkeypatch.setattr(cuda, "_report", cuda._Report(findings, None))
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert "for CUDA 13.2" in out and f"not usable: {advice}" in out


def test_info_reports_a_wrong_default_device(capsys, monkeypatch):
    monkeypatch.setenv("GPUGRAD_DEVICE", "tpu")
    assert main(["info"]) == 0
    assert "GPUGRAD_DEVICE takes" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--version"])
    assert exit.value.code == 0
    assert capsys.readouterr().out == f"gpugrad {gpugrad.__version__}\n"


def test_without_a_command_it_shows_the_commands(capsys):
    assert main([]) == 2
    assert "train" in capsys.readouterr().out


def test_runs_as_a_module_and_stands_a_reader_that_goes_away():
    command = [sys.executable, "-m", "gpugrad", "info"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.fixture
def openblas():
    if blas.openblas_core() is None:
        pytest.skip("NumPy's BLAS here is not OpenBLAS")


def test_a_core_type_below_the_own_choice_is_a_warning(openblas, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")  # too late for this process, which has chosen
    monkeypatch.setattr(blas, "openblas_core", lambda: "Prescott")
    assert "makes OpenBLAS use its Prescott kernels; by itself it would choose" in blas.slowed()
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    assert blas.slowed() is None


def test_one_thread_lasts_as_long_as_its_block(openblas):
    threads = blas._function("openblas_get_num_threads", ctypes.c_int)
    before = threads()
    with pytest.raises(KeyError), blas.one_thread():
        assert threads() == 1
        raise KeyError
    assert threads() == before
