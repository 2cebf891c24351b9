"""The entry point of the container, with stand-ins for the programs that it calls."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench/container/run.sh"


@pytest.fixture
def run(tmp_path):
    """Run the script: ``gpugrad`` prints its arguments, ``python`` what is missing for CUDA. No torch."""
    programs = tmp_path / "bin"
    programs.mkdir()
    stubs = {
        "gpugrad": 'printf "<%s>" gpugrad "$@"',
        "python": 'case "$2" in *find_spec*) exit 1 ;; *) printf %s "$MISSING" ;; esac',
    }
    for name, body in stubs.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)

    def start(*arguments, results=tmp_path / "results", missing=""):
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "RESULTS": str(results), "MISSING": missing}
        return subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True)

    return start


def test_its_arguments_go_on_to_the_benchmark(run, tmp_path):
    result = run("--quick", "--only", "mlp and more")
    assert result.returncode == 0
    assert result.stdout == f"<gpugrad><bench><--out><{tmp_path}/results><--quick><--only><mlp and more>"
    assert os.listdir(tmp_path / "results") == []


def test_with_a_gpu_it_says_nothing_of_one(run):
    assert "GPU" not in run().stderr


def test_without_a_gpu_it_says_so_in_one_line_and_goes_on(run):
    result = run(missing="the NVIDIA driver: start with --gpus all")
    (line,) = [line for line in result.stderr.splitlines() if "GPU" in line]
    assert line.startswith(
        "gpugrad container: no GPU, so these are the CPU workloads (the NVIDIA driver: start"
    )
    assert result.stdout.startswith("<gpugrad><bench>")


def test_without_a_volume_it_says_how_to_give_one(run):
    assert (
        'no volume at /results, the report ends with the container; say -v "$PWD/results:/results"'
        in run().stderr
    )


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_the_cure(run):
    result = run(results="/proc/results")  # not even root can
    assert (result.returncode, result.stdout) == (2, "")
    last = result.stderr.splitlines()[-1]
    assert last.startswith(
        f"gpugrad container: uid {os.getuid()} cannot write to /proc/results; create the folder"
    )
    assert last.endswith('--user "$(id -u):$(id -g)" -v "$PWD/results:/results"')


def test_the_benchmarks_exit_status_is_the_containers(run, tmp_path):
    (tmp_path / "bin/gpugrad").write_text("#!/bin/sh\nexit 3\n")
    assert run().returncode == 3
