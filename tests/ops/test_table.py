"""The op table is complete."""

import pytest
from table import ROWS
from table.row import PRIMITIVES

from gpugrad import ops

NAMES = {row.name for row in ROWS}


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_every_primitive_has_a_row(name):
    assert {name, name.lstrip("_")} & NAMES, f"{name} needs a row in tests/table"


def test_every_public_operation_has_a_row():
    public = {f.__name__: name for name, f in vars(ops).items() if callable(f) and not name.startswith("_")}
    # A function with several names, as abs and absolute, needs one row.
    missing = {name for name in public if not {name, name.lstrip("_")} & NAMES}
    assert not missing


def test_no_name_stands_twice():
    assert len(NAMES) == len(ROWS)
