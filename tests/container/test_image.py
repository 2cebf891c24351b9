"""The image, built by executing the Dockerfile's steps in a root of the CPU base, and run as Docker would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cuda_lane
import pytest

from container import base, build

BASE = "ubuntu:24.04"
QUICK = ("--quick", "--only", "tiny_ops")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        cuda_lane.MACHINE == cuda_lane.HOSTCUDA,
        reason="the same in both runs of the suite: done in the other",
    ),
]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    missing = base.missing(BASE) or _no_index()
    if missing:
        pytest.skip(missing)
    work = tmp_path_factory.mktemp("container")
    return build.build(build.PROJECT, work, {"BASE": BASE, "CUDA": "none", "REVISION": "abc123"})


def _no_index() -> str | None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
    tried = subprocess.run([*pip, "hatchling"], capture_output=True, text=True)
    return f"needs a package index: {tried.stderr.strip()}" if tried.returncode else None


@pytest.fixture
def results(tmp_path, image):
    """A folder for /results, of the image's own user."""
    folder = tmp_path / "results"
    folder.mkdir()
    os.chown(folder, *map(int, image.user.split(":")))
    return folder


def listing(root: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = (status.st_mtime_ns, status.st_size)
    return found


def test_it_leaves_its_report_in_the_volume_and_nothing_elsewhere(image, results):
    before = listing(image.root)
    ran = image.run(*QUICK, results=results)
    assert ran.returncode == 0, ran.stdout
    assert "no GPU, so these are the CPU workloads" in ran.stdout
    assert {"results.json", "report.md"} <= set(os.listdir(results))
    assert {os.stat(file).st_uid for file in results.iterdir()} == {1000}
    found = json.loads((results / "results.json").read_text())
    assert found["environment"]["commit"] == "abc123"
    assert [row["workload"] for row in found["rows"]] == ["tiny_ops"]
    assert listing(image.root) == before


def test_its_root_cannot_be_written_to(image):
    tried = image.run("-c", "touch /opt/gpugrad/file", entrypoint=["sh"], user="0:0")
    assert "Read-only file system" in tried.stdout


def test_any_user_may_run_it(image, results):
    os.chown(results, 54321, 54321)
    ran = image.run(*QUICK, results=results, user="54321:54321")
    assert ran.returncode == 0, ran.stdout
    assert {os.stat(file).st_uid for file in results.iterdir()} == {54321}


def test_a_volume_of_somebody_elses_is_an_error_that_names_the_cure(image, results):
    os.chown(results, 54321, 54321)
    ran = image.run(*QUICK, results=results)
    assert ran.returncode == 2
    assert ran.stdout.strip() == (
        "gpugrad container: uid 1000 cannot write to /results; create the folder on the host and say "
        '--user "$(id -u):$(id -g)" -v "$PWD/results:/results"'
    )
    assert os.listdir(results) == []


def test_a_read_only_root_without_tmp_is_an_error_that_names_the_cure(image, results):
    ran = image.run(*QUICK, results=results, tmpfs="")
    assert ran.returncode == 2
    assert ran.stdout.strip().endswith("with --read-only say --tmpfs /tmp:exec")


def test_what_is_measured_before_docker_stop_is_kept(image, results):
    # The signal goes to process 1, which gets only what it has a handler for.
    stop = "(until [ -e /results/results.json ]; do sleep 0.1; done; kill -INT 1) &"
    ran = image.run("-c", f"{stop} exec gpugrad-container --quick", entrypoint=["sh"], results=results)
    assert ran.returncode == 130, ran.stdout
    assert {"results.json", "report.md"} <= set(os.listdir(results))


def test_the_installed_packages_fit_together(image):
    check = image.run(
        "--python", "/opt/gpugrad", "check", entrypoint=["/opt/pip/bin/pip"], root=image.root.parent / "build"
    )
    assert check.returncode == 0, check.stdout


def test_there_is_no_pip_and_no_compiler_in_it(image):
    search = "for name in gpugrad pip pip3 cc gcc g++; do command -v $name; done"
    found = image.run("-c", search, entrypoint=["sh"])
    assert found.stdout == "/opt/gpugrad/bin/gpugrad\n"


def test_its_modules_are_compiled(image):
    # They could not be kept compiled later. With -v Python says which file the code of a module comes from.
    lines = image.run("-v", "-c", "import gpugrad", entrypoint=["python"]).stdout.splitlines()
    origins = [line.split()[-1] for line in lines if line.startswith("# code object from")]
    assert sum(origin.endswith(".pyc'") for origin in origins) > 100
    assert [origin for origin in origins if not origin.endswith(".pyc'")] == []
