"""The tests of the kernels that compute addresses, again on hostcuda's detectors; proof that these detect.

AddressSanitizer finds what a kernel reads or writes outside of an array; threads run in another order show a
missing barrier; streams whose work is put off until somebody waits show a missing wait. Templates that are
given one element are left out: they compute no address.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cuda_lane
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(cuda_lane.MACHINE != cuda_lane.HOSTCUDA, reason=cuda_lane.ADVICE or "on a real GPU"),
]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def address_sanitizer():
    command = ["g++", "-print-file-name=libasan.so"]
    # The sanitizer's dlopen does not look beside the caller, where NVRTC expects its second library.
    nvidia = find_spec("nvidia").submodule_search_locations
    libraries = [str(folder) for root in nvidia for folder in Path(root).glob("*/lib")]
    return {
        "LD_PRELOAD": subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip(),
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "FK_CXXFLAGS": "-O1 -g -std=c++17 -w -fpermissive -fsanitize=address",
        "FK_EXACT": "1",
        "ASAN_OPTIONS": "detect_leaks=0",
    }


DETECTORS = {
    "addresses": address_sanitizer,
    "order": lambda: {"FK_ORDER": "1"},
    "waits": lambda: {"FK_LAZY": "1"},
}


def python(detector, *arguments):
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path} | DETECTORS[detector]()
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("detector", DETECTORS)
def test_kernels(detector):
    files = [HERE / f"test_{name}.py" for name in ("softmax", "cross_entropy", "sum_to", "streams")]
    result = python(detector, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


SOFTMAX = """
import hostcuda, sys, pathlib, cupy
from gpugrad.backend import kernels, rowwise
kernels._FOLDERS = (pathlib.Path(sys.argv[1]),)
y = rowwise.softmax(cupy.arange(2048.0), axis=0).get()
sys.exit(not abs(y.sum() - 1) < 1e-9)
"""
FAULTS = {  # detector: what is sound, what is not, what the report says
    "addresses": ("i < n / V", "i <= n / V", "heap-buffer-overflow"),
    "order": ("part[threadIdx.x / 32] = x;\n  __syncthreads();", "part[threadIdx.x / 32] = x;", ""),
}


@pytest.mark.parametrize("detector", FAULTS)
def test_a_fault_is_found(detector, tmp_path):
    sound, faulty, message = FAULTS[detector]
    for source in (ROOT / "kernels").iterdir():
        (tmp_path / source.name).write_text(source.read_text().replace(sound, faulty))
    assert python(detector, "-c", SOFTMAX, ROOT / "kernels").returncode == 0
    result = python(detector, "-c", SOFTMAX, tmp_path)
    assert result.returncode != 0
    assert message in result.stderr
