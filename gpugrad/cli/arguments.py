"""Reading the command line, with mistakes in one line."""

import argparse
import math
from pathlib import Path
from typing import NoReturn


class UserError(Exception):
    """Something that the user can mend; the message is one line that says how."""


class Parser(argparse.ArgumentParser):
    """Raises `UserError` where argparse prints the usage and exits."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


def count(text: str) -> int:
    """A whole number from 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return number


def seed(text: str) -> int:
    """A whole number from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)


def rate(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return number


def sizes(text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them; an empty text is no number at all."""
    return tuple(count(part) for part in text.split(",")) if text else ()


def path(text: str) -> Path:
    """A path, with ``~`` for the home folder."""
    return Path(text).expanduser()
