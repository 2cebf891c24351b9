"""Named arrays on the host: what models and optimisers are saved as and restored from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backend import to_device

State = dict[str, np.ndarray]


def to_host(array: Any) -> np.ndarray:
    """A copy of ``array`` in host memory, which later updates do not reach."""
    host = to_device(array, "cpu")
    return host.copy() if host is array else host


def check_state(expected: Mapping[str, Any], given: Mapping[str, Any], what: str) -> None:
    """Raise ValueError unless ``given`` has the names of ``expected``, and arrays of the same shapes."""
    missing, unknown = expected.keys() - given.keys(), given.keys() - expected.keys()
    if missing or unknown:
        named = (("lacks", missing), ("also has", unknown))
        found = [f"{verb} {_listed(names)}" for verb, names in named if names]
        raise ValueError(f"the state does not fit {what}: it {' and '.join(found)}")
    for name, array in expected.items():
        if np.shape(given[name]) != array.shape:
            raise ValueError(
                f"the state does not fit {what}: {name} has shape {np.shape(given[name])}, "
                f"expected {array.shape}"
            )


def _listed(names: set[str]) -> str:
    first = sorted(names)[:3]
    return ", ".join(first) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
