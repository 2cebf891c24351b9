"""Reads a Dockerfile into stages and steps: as much of the format as gpugrad's own file uses, and no more.

The format: https://docs.docker.com/reference/dockerfile/. What is not understood is refused, never skipped.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

KNOWN = "FROM ARG RUN COPY ENV USER WORKDIR ENTRYPOINT CMD STOPSIGNAL LABEL".split()


class Step(NamedTuple):
    """One instruction; ``text`` is what follows its name, continued lines joined, nothing substituted yet."""

    name: str
    text: str
    line: int


class Stage(NamedTuple):
    """A FROM and the steps up to the next. ``base`` is another stage's name or an image's."""

    base: str
    name: str
    steps: list[Step]


def instructions(text: str) -> Iterator[Step]:
    """Every instruction with its first line's number; comments are dropped, also between continued lines."""
    pending, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not (line.strip() or pending):
            continue
        first = first if pending else number
        pending += line
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        name, _, rest = pending.strip().partition(" ")
        if name not in KNOWN:
            raise ValueError(f"line {first}: {name} is not understood here; there are {', '.join(KNOWN)}")
        yield Step(name, rest.strip(), first)
        pending = ""
    if pending:
        raise ValueError(f"line {first}: the file ends in a continued line")


def stages(text: str, given: Mapping[str, str]) -> tuple[dict[str, str], list[Stage]]:
    """The global build arguments (``given`` overrides their defaults), and the stages in order."""
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for step in instructions(text):
        if step.name == "FROM":
            words = substitute(step.text, arguments).split()
            if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
                raise ValueError(f"line {step.line}: expected FROM image [AS name], got FROM {step.text}")
            found.append(Stage(words[0], words[2] if len(words) == 3 else str(len(found)), []))
        elif found:
            found[-1].steps.append(step)
        elif step.name == "ARG":
            name, default = argument(step, arguments)
            arguments[name] = given.get(name, default or "")
        else:
            raise ValueError(f"line {step.line}: {step.name} before the first FROM")
    return arguments, found


def argument(step: Step, variables: Mapping[str, str]) -> tuple[str, str | None]:
    """The name and the default of an ARG, None where it has none."""
    name, given, default = step.text.partition("=")
    return name, "".join(shlex.split(substitute(default, variables))) if given else None


def pairs(step: Step, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that an ENV or LABEL sets; each sees those from before the instruction, as in Docker."""
    words = shlex.split(substitute(step.text, variables))
    return dict(word.split("=", 1) for word in words)


def command(text: str) -> list[str]:
    """The words of an ENTRYPOINT or CMD, in exec form: a shell as first process passes on no signals."""
    words = json.loads(text)
    if not isinstance(words, list):
        raise ValueError(f'expected the exec form ["program", "argument"], got {text}')
    return words


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """``$X``, ``${X}``, ``${X:-default}`` and ``${X:+word}`` replaced; unset variables are empty."""

    def value(match: re.Match) -> str:
        found = variables.get(match["bare"] or match["name"], "")
        if match["how"] == "-":
            return found or match["word"]
        if match["how"] == "+":
            return match["word"] if found else ""
        return found

    return re.sub(r"\$(?:(?P<bare>\w+)|\{(?P<name>\w+)(?::(?P<how>[-+])(?P<word>[^}]*))?\})", value, text)
