"""Executes a Dockerfile without Docker: every stage is a folder, every RUN a chroot into it.

What it shows: that the steps work, in their order, on the distribution they name, with the context's files.
What it does not: a container engine's own part (layers and their cache, the registry, the NVIDIA runtime).

    PYTHONPATH=tests python -m container.build FOLDER [NAME=VALUE ...] [--quick ...]

builds in a new folder with these build arguments, and runs the image with the rest, into FOLDER/results.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import base, chroot
from .context import context
from .dockerfile import Stage, Step, argument, command, pairs, stages, substitute

PROJECT = Path(__file__).parents[2]
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What this machine needs to reach its package index.
_NETWORK = "HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_DEFAULT_TIMEOUT".split()


@dataclass
class Image:
    """A root with what the later instructions see (variables, user, folder), or a container starts with."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    folder: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def run(self, *arguments: str, **how) -> subprocess.CompletedProcess[str]:
        """As ``docker run --read-only --network none``; ``how`` is for ``chroot.run``, and ``entrypoint``."""
        words = how.pop("entrypoint", self.entrypoint) + (list(arguments) or self.command)
        settings = {"folder": self.folder, "user": self.user, "tmpfs": "mode=1777,exec"} | how
        root = settings.pop("root", self.root)
        return chroot.run(root, words, self.environment, read_only=True, network=False, **settings)


def build(project: Path, work: Path, given: Mapping[str, str], log=print) -> Image:
    """The image of a project's Dockerfile, in folders under ``work``; ``given`` are its build arguments."""
    arguments, found = stages((project / "Dockerfile").read_text(encoding="utf-8"), given)
    sent = _send(project, work / "context")
    built: dict[str, Image] = {}
    for stage in found:
        image = built[stage.name] = _start(stage, work, built)
        for step in stage.steps:
            start = time.monotonic()
            _execute(step, image, arguments, given, sent, built)
            took = f"{time.monotonic() - start:.1f} s"
            log(f"{stage.name}, line {step.line}: {step.name} {step.text[:60]}  {took}")
    return image


def _start(stage: Stage, work: Path, built: Mapping[str, Image]) -> Image:
    """A copy of the stage that this one starts from, or a root made for the image's name."""
    root = work / stage.name
    parent = built.get(stage.base)
    if parent is None:
        base.make(stage.base, root)
        return Image(root)
    subprocess.run(["cp", "--archive", "--reflink=auto", str(parent.root), str(root)], check=True)
    return Image(root, dict(parent.environment), dict(parent.arguments), {}, parent.user, parent.folder)


def _execute(step: Step, image: Image, outer, given, sent: Path, built) -> None:
    variables = image.arguments | image.environment
    if step.name == "ARG":
        name, default = argument(step, variables)
        image.arguments[name] = given.get(name, outer.get(name, "") if default is None else default)
    elif step.name == "ENV":
        image.environment |= pairs(step, variables)
    elif step.name == "LABEL":
        image.labels |= pairs(step, variables)
    elif step.name == "RUN":
        _run(step, image, variables)
    elif step.name == "COPY":
        _copy(shlex.split(substitute(step.text, variables)), image, sent, built)
    elif step.name == "WORKDIR":
        image.folder = os.path.join(image.folder, substitute(step.text, variables))
        _inside(image.root, image.folder).mkdir(parents=True, exist_ok=True)
    elif step.name == "USER":
        image.user = substitute(step.text, variables)
    elif step.name == "ENTRYPOINT":
        image.entrypoint = command(step.text)
    elif step.name == "CMD":
        image.command = command(step.text)


def _run(step: Step, image: Image, variables: Mapping[str, str]) -> None:
    network = {
        name: os.environ[name] for key in _NETWORK for name in (key, key.lower()) if name in os.environ
    }
    certificates = os.environ.get("PIP_CERT", "")
    if certificates:
        network["PIP_CERT"] = "/dev/certificates"
    result = chroot.run(
        image.root,
        ["/bin/sh", "-c", step.text],
        network | dict(variables),
        folder=image.folder,
        user=image.user,
        certificates=certificates,
    )
    if result.returncode:
        raise RuntimeError(
            f"line {step.line}, exit status {result.returncode}: RUN {step.text}\n{result.stdout}"
        )


def _copy(words: list[str], image: Image, sent: Path, built: Mapping[str, Image]) -> None:
    """Files go to the target, or into it if it is a folder; of a folder goes what it contains."""
    options = [word for word in words if word.startswith("--")]
    *sources, target = [word for word in words if not word.startswith("--")]
    if len(options) > 1 or (options and not options[0].startswith("--from=")):
        raise ValueError(f"COPY {' '.join(words)} is not understood here")
    root = built[options[0].removeprefix("--from=")].root if options else sent
    where = _inside(image.root, os.path.join(image.folder, target))
    for source in (_inside(root, name) for name in sources):
        if not source.exists():
            raise FileNotFoundError(f"COPY {source.name}: it is not there, or .dockerignore leaves it out")
        into = where if source.is_dir() or target.endswith(("/", ".")) else where.parent
        into.mkdir(parents=True, exist_ok=True)
        command = ["cp", "--archive", f"{source}/." if source.is_dir() else str(source)]
        subprocess.run([*command, str(where)], check=True)


def _send(project: Path, folder: Path) -> Path:
    """The context, copied as one piece before the first step, as a build does; there all files are root's."""
    for file in context(project):
        copy = folder / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / file, copy)
        os.chown(copy, 0, 0)
    return folder


def _inside(root: Path, path: str) -> Path:
    return root / os.path.normpath(path).lstrip("/")


if __name__ == "__main__":
    work, words = Path(sys.argv[1]), sys.argv[2:]
    first = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    image = build(PROJECT, work, dict(word.split("=", 1) for word in words[:first]))
    results = work / "results"
    results.mkdir(mode=0o777)
    os.chmod(results, 0o777)  # whatever the umask
    ran = image.run(*words[first:], results=results)
    print(ran.stdout)
    sys.exit(ran.returncode)
