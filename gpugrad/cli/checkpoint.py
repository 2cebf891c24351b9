"""Files of a run, each complete or not there at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .arguments import UserError

Arrays = dict[str, np.ndarray]


def write(path: Path, content: bytes) -> None:
    """Write under another name and rename, so that whoever looks finds the old file or the new one."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` for people and programs."""
    write(path, (json.dumps(content, indent=1) + "\n").encode())


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], notes: Mapping[str, Any]) -> None:
    """Write named arrays in the safetensors format, with ``notes`` in its metadata as JSON."""
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write(path, save(contiguous, {name: json.dumps(note) for name, note in notes.items()}))


def read_arrays(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """What `write_arrays` wrote."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            notes = {name: json.loads(note) for name, note in (file.metadata() or {}).items()}
            return {name: file.get_tensor(name) for name in file.keys()}, notes
    except (SafetensorError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: not a checkpoint of gpugrad train ({error})") from error
