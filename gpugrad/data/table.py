"""Comma-separated values: one example to a line, one column with its class."""

import csv
import math
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, check_labels, check_parts, reading, split

LABEL_NAMES = ("label", "class", "target")


def read_csv(path: Path, *, seed: int = 0) -> Dataset:
    """Numbers with an optional header line; the label is the column of such a name, else the last.

    A fifth of every class, drawn by ``seed``, is the test part. Each column is scaled by its range in the
    training part to [0, 1], because columns of a table have different units.
    """
    header, rows = _rows(path)
    named = [column for column, name in enumerate(header) if _is_label(name)]
    label = named[0] if named else rows.shape[1] - 1
    features = np.delete(rows, label, axis=1)
    if features.shape[1] == 0:
        raise DataError(f"{path}: one column only, expected features and a label")
    labels = check_labels(path, rows[:, label], len(rows), f"labels (column {label + 1})")
    train, test = split(labels, seed=seed)
    check_parts(path, train, test)

    low, high = features[train].min(axis=0), features[train].max(axis=0)
    scaled = ((features - low) / np.where(high > low, high - low, 1)).astype(np.float32)
    classes = int(labels.max()) + 1
    return Dataset(path.stem, scaled[train], labels[train], scaled[test], labels[test], None, classes)


def _rows(path: Path) -> tuple[list[str], np.ndarray]:
    """The header (empty where there is none) and the numbers below it."""
    header: list[str] = []
    rows: list[np.ndarray] = []
    for number, fields in _lines(path):
        if not rows and not header and _is_header(fields):
            header = fields
            continue
        width = len(rows[0]) if rows else len(header) or len(fields)
        if len(fields) != width:
            raise DataError(f"{path}, line {number}: {len(fields)} columns, expected {width}")
        rows.append(_numbers(path, number, fields))
    if not rows:
        raise DataError(f"{path}: no rows of numbers")
    return header, np.stack(rows)


def _lines(path: Path):
    """Line number and fields of each line that is not blank."""
    with reading(path), open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        try:
            for fields in reader:
                if fields:
                    yield reader.line_num, fields
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{path}: not a text file of comma-separated values") from error


def _is_header(fields: list[str]) -> bool:
    """A line with a label's name in it, or without any number."""
    return any(map(_is_label, fields)) or not any(map(_is_number, fields))


def _is_label(name: str) -> bool:
    return name.strip().lower() in LABEL_NAMES


def _is_number(field: str) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False


def _numbers(path: Path, line: int, fields: list[str]) -> np.ndarray:
    try:
        row = np.array(fields, dtype=np.float64)
    except ValueError:
        row = None
    if row is None or not np.isfinite(row).all():
        wrong = next(field for field in fields if not _is_number(field))
        raise DataError(f"{path}, line {line}: {wrong!r} is not a finite number")
    return row
