"""Data to train on: the digits that come with the package, and readers for the usual files."""

from pathlib import Path

from .batches import batches as batches
from .dataset import DataError as DataError
from .dataset import Dataset as Dataset
from .digits import digits as digits
from .idx import read_idx as read_idx
from .npz import read_npz as read_npz
from .table import read_csv as read_csv

READERS = {".npz": read_npz, ".csv": read_csv}


def read(path: str | Path) -> Dataset:
    """The data set at ``path``: a folder with IDX files, an ``.npz`` or a ``.csv``."""
    path = Path(path)
    if path.is_dir():
        return read_idx(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: expected a folder with MNIST's IDX files, an .npz or a .csv file")
    return reader(path)
