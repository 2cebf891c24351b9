"""What the image installs before gpugrad, read from pyproject.toml: a layer that an edit does not renew.

    python3 requirements.py cuda13 "torch,jax[cuda13]"

prints the dependencies, those of the extras ``bench`` and ``cuda13`` (``cuda12``, ``none``), and the peers.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

Extras = dict[str, list[str]]


def of_extra(name: str, extras: Extras) -> Iterator[str]:
    """The requirements of an extra, with those of the extras that it names in turn."""
    if name not in extras:
        raise SystemExit(
            f"requirements.py: no extra {name!r} in pyproject.toml; there are {', '.join(extras)}"
        )
    for requirement in extras[name]:
        own = re.fullmatch(r"gpugrad\[(.+)\]", requirement)
        if own is None:
            yield requirement
        else:
            for other in own[1].split(","):
                yield from of_extra(other.strip(), extras)


def requirements(project: dict, cuda: str, peers: str) -> list[str]:
    """All of them, in the order in which they were found, each once."""
    extras = project["optional-dependencies"]
    found = [*project["dependencies"], *of_extra("bench", extras)]
    if cuda != "none":
        found += of_extra(cuda, extras)
    found += [peer.strip() for peer in peers.split(",") if peer.strip()]
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    cuda, peers = sys.argv[1:]
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    print("\n".join(requirements(project, cuda, peers)))
