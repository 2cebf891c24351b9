"""``bench/gpu_run.sh`` with stand-ins for its programs: what it runs, for how long, and what it reports."""

import re
import subprocess
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench/gpu_run.sh"
STEPS = ["info", "tests", "bench", "memcheck", "racecheck"]

# Says what it was asked, on its last line, and then does what $FAIL or $HANG wants of the step.
PYTHON = """
case "$*" in
    *"import nvidia"*) [ -n "${NVIDIA-}" ] && echo "$NVIDIA"; exit ;;
    *importlib.metadata*) echo "cupy 14.2.0"; exit ;;
    *"gpugrad info"*) step=info ;;
    *"gpugrad bench"*) step=bench ;;
    *"-m pytest"*) step=tests ;;
    *) step=sanitized ;;
esac
echo "$step: $* with $PYTHONPATH"
echo
[ "$step" != "${HANG-}" ] || exec sleep 60
[ "$step" != "${FAIL-}" ] || exit 3
"""
SANITIZER = 'echo "sanitizer $*" >>"$CALLS"; while [ "$1" != python ]; do shift; done; exec "$@"'
TIMEOUT = 'echo "timeout $*" >>"$CALLS"; exec /usr/bin/timeout "$@"'
TOOLS = {"python": PYTHON, "timeout": TIMEOUT, "nvidia-smi": "echo some GPU", "compute-sanitizer": SANITIZER}


class Run:
    """The script's programs in a folder of their own, and what came of running it."""

    def __init__(self, folder: Path):
        self.folder, self.out, self.calls = folder, folder / "out", folder / "calls"
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.calls.touch()
        for name, body in TOOLS.items():
            self.install(self.programs / name, body)

    def install(self, file: Path, body: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def __call__(self, *steps: str, **variables: str) -> int:
        environment = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "PYTHON": "python",
            "CALLS": str(self.calls),
            "CUDA_PATH": str(self.folder / "cuda"),
        }
        command = ["bash", str(SCRIPT), str(self.out), *steps]
        return subprocess.run(
            command, env=environment | variables, capture_output=True, timeout=60
        ).returncode

    def summary(self) -> list[str]:
        return (self.out / "summary.txt").read_text().splitlines()

    def log(self, step: str) -> str:
        return (self.out / f"{step}.log").read_text()

    def limits(self) -> list[int]:
        lines = self.calls.read_text().splitlines()
        return [int(line.split()[3]) for line in lines if line.startswith("timeout")]


@pytest.fixture
def run(tmp_path) -> Run:
    return Run(tmp_path)


def test_every_step_is_run_in_the_order_of_its_worth_and_within_the_budget(run):
    assert run() == 0
    *steps, last = run.summary()
    assert [line.split(":")[0] for line in steps] == STEPS
    assert all(": exit 0, " in line for line in steps)
    assert last.endswith("everything passed")
    assert len(run.limits()) == 5
    assert sum(run.limits()) <= 540 - 10


def test_the_summary_has_the_last_line_of_each_log(run):
    run("tests")
    assert run.summary()[0].startswith("tests: exit 0, 0 s: tests: -m pytest -q -m not slow")


def test_the_checkout_is_on_the_path_with_the_harness(run):
    run("bench")
    root = SCRIPT.parents[1]
    assert f"-m gpugrad bench --device cuda --quick --out {run.out}/bench" in run.log("bench")
    assert f"with {root}:{root}/bench" in run.log("bench")


@pytest.mark.parametrize("step", ["tests", "sanitized"])
def test_a_step_that_fails_is_a_line_and_the_exit_status(run, step):
    assert run(FAIL=step) == 1
    failed = [line.split(":")[0] for line in run.summary() if ": exit 3, " in line]
    assert failed == (["tests"] if step == "tests" else ["memcheck", "racecheck"])
    assert len(run.summary()) == 6
    assert run.summary()[-1].endswith("something failed or was not run")


def test_the_budget_holds_whatever_hangs(run):
    start = time.monotonic()
    assert run(HANG="tests", BUDGET="13") == 1
    assert time.monotonic() - start < 10
    summary = run.summary()
    assert summary[1].startswith("tests: exit 124 (out of time), ")
    assert summary[2:-1] == [f"{step}: not run, the time is used up" for step in STEPS[2:]]


def test_only_the_steps_that_are_named_are_run(run):
    assert run("memcheck", "info") == 0
    assert [line.split(":")[0] for line in run.summary()[:-1]] == ["info", "memcheck"]


def test_a_step_that_there_is_not_is_refused(run):
    assert run("memchek") == 2
    assert not (run.out / "summary.txt").exists()


def test_the_sanitizer_runs_the_kernel_tests_without_the_memory_pool(run):
    run("memcheck", "racecheck")
    calls = [line for line in run.calls.read_text().splitlines() if line.startswith("sanitizer")]
    assert [line.split()[2] for line in calls] == ["memcheck", "racecheck"]
    assert all("--error-exitcode 9" in line for line in calls)
    for tool in ("memcheck", "racecheck"):
        assert "set_allocator(None)" in run.log(tool)
        files = re.findall(r"tests/kernels/\S+", run.log(tool))
        assert files and all((SCRIPT.parents[1] / file).is_file() for file in files)


def test_the_sanitizer_is_found_among_the_packages_and_in_the_toolkit(run):
    (run.programs / "compute-sanitizer").unlink()
    packages = run.folder / "site packages/nvidia"
    run.install(packages / "cu13/bin/compute-sanitizer", SANITIZER)
    assert run("memcheck", NVIDIA=str(packages)) == 0
    run.install(run.folder / "cuda/bin/compute-sanitizer", SANITIZER)
    assert run("memcheck") == 0


def test_without_a_sanitizer_it_says_what_to_install(run):
    (run.programs / "compute-sanitizer").unlink()
    assert run() == 1
    assert [line for line in run.summary() if "not run" in line][:2] == [
        f"{step}: not run, there is no compute-sanitizer; run: pip install nvidia-cuda-sanitizer-api"
        for step in ("memcheck", "racecheck")
    ]


def test_the_machine_is_described(run):
    run("info")
    text = (run.out / "machine.txt").read_text()
    for line in ("date: 2", "commit: ", "some GPU", "cupy 14.2.0", f"compute-sanitizer: {run.programs}"):
        assert line in text
