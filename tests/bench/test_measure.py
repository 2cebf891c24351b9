"""Measuring side by side: who is missing, fails, hangs, dies or computes something else is a line."""

import importlib.util
import sys
import textwrap

import pytest
from gpugrad_bench.measure import Pace, measure, selected

PACE = Pace(rounds=3, seconds=0.001, patience=20)

# Three contestants that behave as each test wants; their libraries are NumPy and gpugrad.
WORKLOAD = """
    import os, sys, time
    import numpy as np
    from gpugrad_bench.case import Case

    TITLE = "something"

    def cases(device):
        return [Case("first"), Case("second")]

    def by_hand(s):
        print("noise on standard output")
        x = s.array(np.arange(1.0, 4.0))
        return lambda: [x * x, 2 * x]

    def gpugrad(s):
        {ours}
"""
ALIKE = """
        x = s.parameter(np.arange(1.0, 4.0))
        def step():
            x.grad = None
            y = x * x
            y.sum().backward()
            return [y, x.grad]
        return step
"""


@pytest.fixture
def workload(tmp_path, monkeypatch):
    """A function that makes a workload's module, whose gpugrad does as told; the module's name."""

    def make(ours):
        name = f"made_up_{tmp_path.name.replace('-', '_')}"
        source = textwrap.dedent(WORKLOAD).format(ours=textwrap.indent(textwrap.dedent(ours), "    "))
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        return name

    return make


def rows_of(module, contestants=("gpugrad", "by hand"), pace=PACE):
    told = []
    cases = {module: importlib.import_module(module).cases("cpu")}
    rows = list(measure(cases, contestants, "cpu", pace, told.append))
    assert [row.case.name for row in rows] == ["first", "second"] and told
    return [{r.name: r for r in row.results} for row in rows]


def test_who_agrees_is_timed_in_every_round(workload):
    for row in rows_of(workload(ALIKE)):
        for result in row.values():
            assert not result.failure and len(result.samples) == 3 and min(result.samples) > 0


def test_who_computes_something_else_is_not_timed(workload):
    for row in rows_of(workload(ALIKE.replace("y = x * x", "y = x * x * 1.01"))):
        assert row["by hand"].samples and not row["gpugrad"].samples
        assert (
            row["gpugrad"].failure == "differs from by hand: result 0 is off by 0.01 of its root mean square"
        )


def test_a_wrong_shape_and_a_missing_result_are_told(workload):
    first, _ = rows_of(workload(ALIKE.replace("[y, x.grad]", "[y.reshape(1, 3), x.grad]")))
    assert "result 0 has shape [1, 3] instead of [3]" in first["gpugrad"].failure
    first, _ = rows_of(workload(ALIKE.replace("[y, x.grad]", "[y]")))
    assert "1 results instead of 2" in first["gpugrad"].failure


def test_nan_is_no_agreement(workload):
    first, _ = rows_of(workload(ALIKE.replace("return [y,", "return [y * float('nan'),")))
    assert "off by nan" in first["gpugrad"].failure


def test_an_exception_is_a_line_and_the_next_case_is_tried(workload):
    first, second = rows_of(workload(r'raise MemoryError("no room\nat all")'))
    assert first["gpugrad"].failure == second["gpugrad"].failure == "MemoryError: no room"


def test_who_dies_is_started_again_for_the_next_case(workload, tmp_path):
    mark = tmp_path / "mark"
    die = f"""
        if not os.path.exists({str(mark)!r}):
            open({str(mark)!r}, "w").close()
            print("last words", file=sys.stderr, flush=True)
            os._exit(3)
    """
    first, second = rows_of(workload(die + ALIKE))
    assert first["gpugrad"].failure == "ended with exit code 3: last words"
    assert first["by hand"].samples and second["gpugrad"].samples


@pytest.mark.parametrize(("why", "processes"), [("an illegal address", 2), ("takes no part", 1)])
def test_who_fails_goes_on_in_a_new_process(workload, tmp_path, why, processes):
    seen = tmp_path / "seen"
    fail = f"""
        with open({str(seen)!r}, "a") as file:
            print(os.getpid(), file=file)
        raise LookupError({why!r})
    """
    for row in rows_of(workload(fail)):
        assert row["gpugrad"].failure == f"LookupError: {why}" and row["by hand"].samples
    assert len(seen.read_text().split()) == 2
    assert len(set(seen.read_text().split())) == processes


@pytest.mark.skipif(sys.platform != "linux", reason="finds its channel in /proc")
def test_half_an_answer_is_none(workload):
    die = """
        files = {n: f"/proc/self/fd/{n}" for n in range(3, 30)}
        files = {n: os.readlink(name) for n, name in files.items() if os.path.islink(name)}
        (channel,) = [n for n, target in files.items() if target.startswith("pipe:")]
        os.write(channel, b'{"answer": [')
        os._exit(3)
    """
    first, second = rows_of(workload(die))
    assert first["gpugrad"].failure == second["gpugrad"].failure == "ended with exit code 3"
    assert first["by hand"].samples


def test_who_is_killed(workload):
    first, _ = rows_of(workload("os.kill(os.getpid(), 9)"))
    assert first["gpugrad"].failure == "killed by SIGKILL"


def test_who_is_silent_is_not_waited_for(workload):
    first, second = rows_of(workload("time.sleep(60)"), pace=PACE._replace(patience=4))
    assert first["gpugrad"].failure == second["gpugrad"].failure == "no answer in 4 s"
    assert second["by hand"].samples


def test_who_is_not_installed(workload, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda package: None)
    first, _ = rows_of(workload(ALIKE), contestants=("torch", "gpugrad"))
    assert first["torch"].failure == 'torch is not installed; run: pip install "gpugrad[peers]"'
    assert first["gpugrad"].samples


def test_who_takes_no_part(workload):
    first, _ = rows_of(workload(ALIKE), contestants=("autograd", "gpugrad"))
    assert "takes no part" in first["autograd"].failure or "not installed" in first["autograd"].failure
    assert first["gpugrad"].samples


FAULTS = """

    def autograd(s):
        import resource
        calls = []
        def step():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            [np.ones(1 << 18) for _ in range(8)]
            faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
            calls.append(faults)
            if len(calls) > 4 and faults > 1000:
                raise RuntimeError(f"{faults} page faults")
            return [np.arange(3.0)]
        return step
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that is told to keep memory")
def test_all_keep_the_memory_of_freed_arrays(workload, tmp_path):
    pytest.importorskip("autograd")
    name = workload(ALIKE)
    with open(tmp_path / f"{name}.py", "a") as file:
        file.write(textwrap.dedent(FAULTS))
    for row in rows_of(name, contestants=("autograd",)):
        assert not row["autograd"].failure and row["autograd"].samples


def test_cases_are_chosen_by_pattern():
    assert list(selected(["tiny_ops"], "cpu")) == ["gpugrad_bench.workloads.tiny_ops"]
    (cases,) = selected(["iny_o*/cha?n"], "cpu").values()
    assert [c.name for c in cases] == ["chain"]
    assert selected(["nothing"], "cpu") == {}


def test_a_quick_run_has_some_cases_of_every_workload():
    everything, quick = selected(["*"], "cpu"), selected(["*"], "cpu", quick=True)
    assert list(everything) == list(quick)
    assert sum(map(len, quick.values())) < sum(map(len, everything.values()))
