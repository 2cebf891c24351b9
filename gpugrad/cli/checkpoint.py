"""Files of a run, each complete or not there at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write as write
from .arguments import UserError

Arrays = dict[str, np.ndarray]


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
