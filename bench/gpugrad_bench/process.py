"""Talking to a contestant's process."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from .libraries import CONTESTANTS
from .row import takes_no_part

# One thread each, and NumPy's BLAS free to choose its kernels: where an image sets OPENBLAS_CORETYPE, NumPy's
# matrix product is silently slower than the processor allows.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_REMOVED = ("OPENBLAS_CORETYPE", "PYTHONSAFEPATH")


class Failed(Exception):
    """A contestant's process has no answer; the message is one line that says why."""


class Process:
    """A contestant at work. `ask` raises `Failed` if it fails, ends, or is silent for too long.

    One that has failed is started again by the next question, for after a CUDA error nothing in its process
    works any more; one that cannot start stays away, and one that takes no part has not failed.
    """

    def __init__(self, contestant: str, device: str, patience: float) -> None:
        self.name, self._device = contestant, device
        self._patience, self._process = patience, None
        self._absent = _missing(contestant)

    def start(self) -> None:
        """Start it, without waiting until it is ready."""
        if self._absent or self._process is not None:
            return
        self._greeted, self._errors = False, tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gpugrad_bench.worker", self.name, self._device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=_environment(self._device),
            start_new_session=True,  # Ctrl-C is for the one who asks
        )

    def ask(self, question: str, *arguments: Any) -> Any:
        """The answer to a question (see `worker`)."""
        self.start()
        if self._absent:
            raise Failed(self._absent)
        if not self._greeted:
            try:
                self._answer()
            except Failed as error:
                self._absent = str(error)
                raise
            self._greeted = True
        return self._answer(json.dumps([question, *arguments]))

    def close(self) -> None:
        """End it, and what it has started."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._errors.close()
        self._process = None

    def _answer(self, question: str = "") -> Any:
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        if question:
            with suppress(BrokenPipeError):  # it has ended, as its silence will show
                process.stdin.write(question + "\n")
                process.stdin.flush()
        heard = select.select([process.stdout], [], [], self._patience)[0]
        line = process.stdout.readline() if heard else ""
        if not line.endswith("\n"):  # nothing, or what it had said when it was killed
            why = self._last_words(process) if heard else f"no answer in {self._patience:.0f} s"
            self.close()
            raise Failed(why)
        reply = json.loads(line)
        if "failure" in reply:
            if not takes_no_part(reply["failure"]):
                self.close()
            raise Failed(reply["failure"])
        return reply["answer"]

    def _last_words(self, process: subprocess.Popen) -> str:
        code = process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        how = f"ended with exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        return how + (f": {lines[-1]}" if lines else "")


def _environment(device: str) -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if k not in _REMOVED}
    path = [str(Path(__file__).parents[1]), *(p for p in sys.path if p)]  # this harness, this gpugrad
    environment["PYTHONPATH"] = os.pathsep.join(path)
    return environment | _ONE_THREAD if device == "cpu" else environment


def _missing(contestant: str) -> str:
    """Why the contestant cannot be asked at all, nothing if it can."""
    package = CONTESTANTS[contestant].package
    if package is None or importlib.util.find_spec(package):
        return ""
    return f'{package} is not installed; run: pip install "gpugrad[peers]"'
