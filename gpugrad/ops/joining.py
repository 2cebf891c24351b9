"""Several arrays into one, and one into several."""

from __future__ import annotations

from itertools import accumulate, pairwise
from operator import index

from ..core import by_hand, primitive
from .axes import ndim_of, one_axis, shape_of, some_numbers
from .indexing import getitem
from .shape import atleast_1d, atleast_2d, expand_dims, ravel
from .tiling import pad


@primitive
def _concatenate(xp, *xs, axis, ends):
    return xp.concatenate(xs, axis=axis)


def _piece(g, i, *, axis, ends):
    return g[(slice(None),) * axis + (slice(ends[i - 1] if i else 0, ends[i]),)]


def _padded(t, i, *, axis, ends):
    before, after = (ends[i - 1] if i else 0), ends[-1] - ends[i]
    return pad(t, [(before, after) if k == axis else (0, 0) for k in range(t.ndim)])


by_hand(_concatenate, vjp=(_piece,), jvp=(_padded,))


def concatenate(xs, axis=0):
    """Arrays joined along an axis that they have; with ``None``, flattened first."""
    xs = tuple(xs)
    if not xs:
        raise ValueError("concatenate: needs at least one array")
    if axis is None:
        xs, axis = tuple(ravel(x) for x in xs), 0
    k = one_axis(axis, ndim_of(xs[0]), "concatenate")
    return _concatenate(*xs, axis=k, ends=tuple(accumulate(shape_of(x)[k] for x in xs)))


def stack(xs, axis=0):
    """Arrays of one shape joined along a new axis."""
    xs = tuple(xs)
    shapes = {shape_of(x) for x in xs}
    if len(shapes) != 1:
        raise ValueError(f"stack: needs arrays of one shape, got {sorted(shapes)}")
    return concatenate([expand_dims(x, axis) for x in xs], axis)


def hstack(xs):
    """Arrays joined along their second axis, or their only one."""
    xs = [atleast_1d(x) for x in xs]
    return concatenate(xs, 0 if ndim_of(xs[0]) == 1 else 1)


def vstack(xs):
    """Arrays joined as rows: along the first axis, vectors made rows before."""
    return concatenate([atleast_2d(x) for x in xs], 0)


def split(x, indices_or_sections, axis=0):
    """A list of pieces along ``axis``: so many equal ones, or cut at the given places.

    Raises ValueError if the axis cannot be divided equally; :func:`array_split` allows that.
    """
    k = one_axis(axis, ndim_of(x), "split")
    n = shape_of(x)[k]
    if not ndim_of(indices_or_sections):
        sections = index(indices_or_sections)
        if sections <= 0 or n % sections:
            raise ValueError(f"split: an axis of length {n} does not divide into {sections} equal pieces")
    return array_split(x, indices_or_sections, k)


def array_split(x, indices_or_sections, axis=0):
    """Like :func:`split`; pieces may differ in length by one."""
    k = one_axis(axis, ndim_of(x), "array_split")
    n = shape_of(x)[k]
    if ndim_of(indices_or_sections):
        cuts = some_numbers(indices_or_sections)
    else:
        sections = index(indices_or_sections)
        if sections <= 0:
            raise ValueError(f"array_split: needs at least one piece, got {sections}")
        small, longer = divmod(n, sections)
        cuts = [i * small + min(i, longer) for i in range(1, sections)]
    edges = [0, *cuts, n]
    return [getitem(x, (slice(None),) * k + (slice(a, b),)) for a, b in pairwise(edges)]
