"""The files that a build sends along, by ``.dockerignore``: the last pattern that matches a file decides."""

import os
import re
from pathlib import Path


def context(root: Path) -> list[Path]:
    """The files of the build context, relative to ``root``."""
    lines = (line.strip() for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines())
    rules = [(_pattern(line.lstrip("!")), line[0] != "!") for line in lines if line and line[0] != "#"]
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - {".git"})
        found += [(Path(folder) / name).relative_to(root) for name in sorted(names)]
    return [path for path in found if not _is_ignored(path.as_posix(), rules)]


def _is_ignored(path: str, rules: list[tuple[re.Pattern, bool]]) -> bool:
    ignored = False
    for pattern, excludes in rules:
        if pattern.fullmatch(path):
            ignored = excludes
    return ignored


def _pattern(rule: str) -> re.Pattern:
    """``*`` and ``?`` within a name, ``**/`` for any folders; what is in a matching folder matches too."""
    words = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*|\?)", rule.strip("/"))
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts) + "(?:/.*)?", re.DOTALL)
