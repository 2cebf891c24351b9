"""Rows of ``ops/joining.py`` and ``ops/tiling.py``: many into one, one into many, more of the same."""

import numpy as np

from gpugrad import ops

from .row import Row, bad, call

ones = np.ones


def _all(f):
    """``f`` of a list as a function of its elements."""
    return lambda *xs, **params: f(list(xs), **params)


def _concatenated(*xs, axis=0):
    """Through NumPy's nested lists of blocks."""
    if axis is None:
        return np.block([x.ravel() for x in xs])
    return np.moveaxis(np.block([np.moveaxis(x, axis, -1) for x in xs]), -1, axis)


ROWS = (
    Row(
        "concatenate",
        _concatenated,
        (
            call((2,), (3,)),
            call((2, 3), (1, 3)),
            call((2, 1), (2, 3), (2, 0), axis=-1),
            call((2,), (2, 2), axis=None),
            call((2,)),
        ),
        dtypes="fc",
        exact=True,
        f=_all(ops.concatenate),
        errors=(
            bad(ValueError, "at least one array"),
            bad(ValueError, "axis 1 is out of range", ones(2), ones(2), axis=1),
            bad(ValueError, "dimension|shape", ones((2, 2)), ones((2, 3))),
        ),
    ),
    Row(
        "stack",
        lambda *xs, axis=0: np.moveaxis(np.array(xs), 0, axis),
        (call((3,), (3,)), call((2, 3), (2, 3), axis=-1), call((), ()), call((2,), (2,), (2,), axis=1)),
        exact=True,
        f=_all(ops.stack),
        errors=(bad(ValueError, r"arrays of one shape, got \[\(2,\), \(3,\)\]", ones(2), ones(3)),),
    ),
    Row(
        "hstack",
        _all(np.hstack),
        (call((2,), (3,)), call((2, 1), (2, 2)), call((), ())),
        exact=True,
        f=_all(ops.hstack),
    ),
    Row(
        "vstack",
        _all(np.vstack),
        (call((2,), (2,)), call((2, 2), (2,)), call((), ())),
        exact=True,
        f=_all(ops.vstack),
    ),
    Row(
        "split",
        np.split,
        (
            call((4,), indices_or_sections=2),
            call((2, 3), indices_or_sections=3, axis=-1),
            call((5,), indices_or_sections=(1, 3)),
        ),
        exact=True,
        errors=(
            bad(ValueError, "length 5 does not divide into 2 equal pieces", ones(5), indices_or_sections=2),
            bad(ValueError, "axis 1 is out", ones(5), indices_or_sections=2, axis=1),
        ),
    ),
    Row(
        "array_split",
        np.array_split,
        (
            call((5,), indices_or_sections=2),
            call((2, 3), indices_or_sections=4, axis=1),
            call((5,), indices_or_sections=(1, 3, 7)),
        ),
        exact=True,
        errors=(bad(ValueError, "at least one piece, got 0", ones(5), indices_or_sections=0),),
    ),
    Row(
        "tile",
        np.tile,
        (
            call((3,), reps=2),
            call((2, 3), reps=(2, 1)),
            call((2,), reps=(2, 1, 2)),
            call((), reps=3),
            call((2,), reps=0),
        ),
        exact=True,
    ),
    Row(
        "repeat",
        np.repeat,
        (
            call((3,), repeats=2),
            call((2, 3), repeats=2, axis=0),
            call((2, 3), repeats=2),
            call((3,), repeats=(1, 0, 2)),
            call((2, 2), repeats=[1, 2], axis=-1),
        ),
        exact=True,
        errors=(bad(ValueError, "axis 1 is out", ones(2), repeats=2, axis=1),),
    ),
    Row(
        "pad",
        np.pad,
        (
            call((3,), pad_width=1),
            call((3,), pad_width=(2, 0)),
            call((2, 3), pad_width=((0, 1), (2, 0))),
            call((2, 3), pad_width=1, constant_values=2.5),
            call((4,), pad_width=2, mode="reflect"),
            call((2, 3), pad_width=1, mode="edge"),
            call((3,), pad_width=2, mode="wrap"),
            call((3,), pad_width=2, mode="symmetric"),
        ),
        exact=True,
        errors=(bad(ValueError, "widths have to be at least 0", ones(2), pad_width=-1),),
    ),
)
