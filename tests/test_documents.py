"""Every Python example of the documents runs; those of one document share their names.

An example behind ``<!-- needs NAME -->`` runs where there is CUDA, or the package of that name.
"""

import re
from importlib.util import find_spec
from pathlib import Path

import cuda_lane
import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"(?:<!-- needs (\w+) -->\n)?```python\n(.*?)```", re.S)


def is_there(needed: str | None) -> bool:
    """Whether an example that needs this can run."""
    if needed == "CUDA":
        return cuda_lane.MACHINE is not None
    return needed is None or find_spec(needed) is not None


def run(document: Path) -> dict[str, object]:
    """The names that the examples of a document leave behind."""
    text = document.read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "example"}
    for match in _BLOCK.finditer(text):
        needed, code = match.groups()
        if not is_there(needed):
            continue
        line = text[: match.start(2)].count("\n")
        exec(compile("\n" * line + code, str(document), "exec"), names)
    return names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_examples_run(document, capsys):
    run(document)


def test_the_examples_in_the_table_of_transforms_run():
    names = run(ROOT / "README.md")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Transforms")[2].partition("\n## ")[0]
    examples = re.findall(r"^\| `.* \| `(.*)` \|$", table, re.M)
    assert len(examples) >= 14
    for example in examples:
        assert eval(example, names) is not None, example


def test_readme_commands_are_those_of_ci():
    readme, ci = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", ".ci/run"))
    assert 'python -m pip install ".[train]" && gpugrad train' in readme
    assert 'python -m pip install -e ".[test]" && python -m pytest' in readme
    for command in ('gpugrad" train', "python -m pytest"):
        assert command in ci


def test_local_links_lead_somewhere():
    for document in [*DOCUMENTS, ROOT / "CONTRIBUTING.md"]:
        text = re.sub(r"`[^`]*`", "", document.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"
