"""One contestant in a process of its own: ``python worker.py WORKLOAD CONTESTANT``.

It answers each line on standard input with a line of JSON: ``check`` with the values of its first step,
``time N`` with the processor seconds that N steps took. Before the first question it says ``ready``.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any


def load(workload: str) -> Any:
    """The module of that workload, from the file beside this one."""
    path = Path(__file__).parent / "workloads" / f"{workload}.py"
    spec = importlib.util.spec_from_file_location(workload, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"no workload {workload!r}: expected a file {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(step: Any, question: str) -> Any:
    """The reply to one line."""
    if question == "check":
        return [[float(v) for v in part.ravel()] for part in step()]
    steps = int(question.removeprefix("time "))
    gc.collect()
    gc.disable()  # as timeit does: collections fall on whoever happens to run
    start = time.process_time()
    for _ in range(steps):
        step()
    spent = time.process_time() - start
    gc.enable()
    return spent


def main() -> None:
    """Answer until standard input ends."""
    workload, contestant = sys.argv[1:]
    make = getattr(load(workload), contestant, None)
    if make is None:
        sys.exit(f"{contestant} takes no part in {workload}")
    try:
        step = make()
    except ModuleNotFoundError as error:
        sys.exit(f'{error.name} is not installed; run: pip install "gpugrad[bench]"')
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(step, line.strip())), flush=True)


if __name__ == "__main__":
    main()
