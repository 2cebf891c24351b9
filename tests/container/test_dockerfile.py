"""The Dockerfile as text, and what reads it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from container.context import context
from container.dockerfile import Step, argument, command, instructions, pairs, stages, substitute

ROOT = Path(__file__).parents[2]
FILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
FINAL = stages(FILE, {})[1][-1]


def of(name: str) -> list[str]:
    return [step.text for step in FINAL.steps if step.name == name]


def environment() -> dict[str, str]:
    (text,) = (text for text in of("ENV") if text.startswith("PATH="))
    return pairs(Step("ENV", text, 0), {"PATH": "/bin"})


# ---- the reader ----


def test_lines_are_joined_and_comments_between_them_dropped():
    text = "# a\nRUN one \\\n# b\n    && two\n\nUSER 1:1\n"
    assert [*instructions(text)] == [Step("RUN", "one     && two", 2), Step("USER", "1:1", 6)]


@pytest.mark.parametrize("text", ["ONBUILD RUN x", "run x", "RUN x \\"])
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(ValueError, match="line 1"):
        list(instructions(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A/${A}", "a/a"),
        ("${B:-b} ${A:-b}", "b a"),
        ("[${A:+yes}] [${E:+yes}] [${B:+yes}]", "[yes] [] []"),
        ("$B.", "."),
    ],
)
def test_variables_are_substituted(text, expected):
    assert substitute(text, {"A": "a", "E": ""}) == expected


def test_a_build_argument_overrides_the_base():
    text = 'ARG BASE=one\nARG OTHER=""\nFROM ${BASE} AS first\nARG OTHER\nFROM first\nCMD ["x"]\n'
    assert stages(text, {})[1][0].base == "one"
    arguments, (first, last) = stages(text, {"BASE": "two"})
    assert (arguments, first.base, first.name) == ({"BASE": "two", "OTHER": ""}, "two", "first")
    assert (last.base, last.name, last.steps) == ("first", "1", [Step("CMD", '["x"]', 6)])
    assert argument(first.steps[0], {}) == ("OTHER", None)


@pytest.mark.parametrize("text", ["RUN x\nFROM a\n", "FROM a b\n", "FROM a AS b c\n"])
def test_a_wrong_order_is_refused(text):
    with pytest.raises(ValueError, match="FROM"):
        stages(text, {})


def test_the_last_matching_pattern_decides_what_is_sent(tmp_path):
    for name in ("a/keep.py", "a/b/drop.pyc", "c.txt", "d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".dockerignore").write_text("# none\n*\n!a\n!c.t?t\n**/*.pyc\n")
    assert [path.as_posix() for path in context(tmp_path)] == ["c.txt", "a/keep.py"]


# ---- gpugrad's file ----


def test_it_starts_as_a_user_who_is_not_root_in_exec_form():
    (user,), (entry,) = of("USER"), of("ENTRYPOINT")
    assert all(part.isdigit() and int(part) > 0 for part in user.split(":"))
    assert command(entry) == ["gpugrad-container"]
    assert not of("CMD")


def test_everything_that_is_written_while_it_runs_goes_to_tmp():
    places = {name: value for name, value in environment().items() if name.endswith(("DIR", "HOME", "PATH"))}
    del places["PATH"]
    assert len(places) > 5
    assert all(value == "/tmp" or value.startswith("/tmp/") for value in places.values()), places


def test_each_stage_copies_files_that_the_context_has():
    sent = context(ROOT)
    copies = [
        step.text.split() for stage in stages(FILE, {})[1] for step in stage.steps if step.name == "COPY"
    ]
    sources = {word for words in copies if not words[0].startswith("--") for word in words[:-1]}
    assert len(sources) > 2
    for source in sources:
        assert any(file.is_relative_to(source) for file in sent), source
    assert os.access(ROOT / "bench/container/run.sh", os.X_OK)


def test_the_context_is_what_the_wheel_needs_and_no_more():
    sent = {file.as_posix() for file in context(ROOT)}
    assert {"pyproject.toml", "README.md", "LICENSE", "kernels/activations.cuh"} <= sent
    assert "gpugrad/data/digits.npz" in sent
    assert not [file for file in sent if file.startswith(("tests/", "docs/", "bench/results/", "."))]
    assert sum((ROOT / file).stat().st_size for file in sent) < 5e6


def test_each_build_argument_is_documented_with_its_default():
    table = (ROOT / "docs/container.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `?(.*?)`? \|", table, re.M))
    defaults = stages(FILE, {})[0] | dict(
        argument(Step("ARG", text, 0), {}) for text in of("ARG") if "=" in text
    )
    assert rows == {name: default or "none" for name, default in defaults.items()}


# ---- its requirements ----


def requirements(cuda: str, peers: str, *, project: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "pyproject.toml").write_text(project)
    script = ROOT / "bench/container/requirements.py"
    return subprocess.run(
        [sys.executable, str(script), cuda, peers], cwd=folder, capture_output=True, text=True, check=False
    )


PROJECT = """
[project]
dependencies = ["numpy>=2"]
[project.optional-dependencies]
cuda13 = ["cupy-cuda13x[ctk]>=14"]
train = ["rich", "numpy>=2"]
bench = ["gpugrad[train]", "matplotlib"]
"""


@pytest.mark.parametrize(
    ("cuda", "peers", "expected"),
    [
        ("none", "", "numpy>=2 rich matplotlib"),
        ("cuda13", "", "numpy>=2 rich matplotlib cupy-cuda13x[ctk]>=14"),
        ("none", " torch==2.9, jax[cuda13] ,", "numpy>=2 rich matplotlib torch==2.9 jax[cuda13]"),
    ],
)
def test_the_requirements_are_those_of_the_extras_each_once(tmp_path, cuda, peers, expected):
    result = requirements(cuda, peers, project=PROJECT, folder=tmp_path)
    assert (result.stdout.split(), result.stderr) == (expected.split(), "")


def test_an_extra_that_is_not_there_is_named(tmp_path):
    result = requirements("cuda99", "", project=PROJECT, folder=tmp_path)
    assert result.returncode != 0
    assert "no extra 'cuda99' in pyproject.toml; there are cuda13, train, bench" in result.stderr


@pytest.mark.parametrize("cuda", ["cuda12", "cuda13", "none"])
def test_the_projects_own_extras_are_understood(tmp_path, cuda):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = requirements(cuda, "", project=project, folder=tmp_path).stdout.split()
    assert "numpy>=2" in found
    assert [name for name in found if name.startswith("cupy")] == [
        name for name in found if cuda != "none" and name.startswith(f"cupy-{cuda}x[ctk]")
    ]
    assert not [name for name in found if name.startswith("gpugrad")]
