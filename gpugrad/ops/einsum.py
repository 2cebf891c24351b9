"""einsum: products of any number of arrays, summed over the letters that the result does not have."""

from __future__ import annotations

from collections import Counter
from string import ascii_letters

from ..backend.arrays import namespace
from ..core import Tensor, multilinear, primitive
from .axes import ndim_of, shape_of


@primitive
def _einsum(xp, *xs, terms, result):
    dtype = xs[0].dtype
    half = dtype.char in "eE" and all(x.dtype == dtype for x in xs)  # float16 or bfloat16: summed in float32
    operands = [x.astype("float32") for x in xs] if half else xs
    y = xp.asarray(xp.einsum(f"{','.join(terms)}->{result}", *operands, optimize=len(xs) > 1))
    return y.astype(dtype) if half else y


def _for_operand(g, i, xs, *, terms, result):
    """einsum of ``g`` with the other operands, back to the letters of operand ``i``.

    A letter that only operand ``i`` has, or has at full length, was summed there, so the gradient is spread
    along it; a letter that it has twice took a diagonal, so the gradient is put on one.
    """
    array = g.data if isinstance(g, Tensor) else g
    xp = namespace(array)
    others = [(t, x) for k, (t, x) in enumerate(zip(terms, xs, strict=True)) if k != i]
    sources = [(result, g), *others]
    letters = iter(sorted(set(ascii_letters) - set("".join(terms) + result)))
    goal = ""
    for letter, n in zip(terms[i], shape_of(xs[i]), strict=True):
        if letter in goal:
            twin = next(letters)
            sources.append((letter + twin, xp.eye(n).astype(array.dtype)))
            goal += twin
        else:
            goal += letter
            if (letter, n) not in [pair for t, x in sources for pair in zip(t, shape_of(x), strict=True)]:
                sources.append((letter, xp.ones(n, dtype=array.dtype)))
    return _einsum(*[x for _, x in sources], terms=tuple(t for t, _ in sources), result=goal)


multilinear(_einsum, _for_operand)


def einsum(subscripts, *xs):
    """Einstein summation, as NumPy's ``einsum`` with a subscript string; ``...`` stands for leading axes.

    Raises ValueError if the terms do not match the operands.
    """
    terms, result = _parsed(subscripts, [ndim_of(x) for x in xs])
    return _einsum(*xs, terms=terms, result=result)


def _parsed(subscripts: str, ndims: list[int]) -> tuple[tuple[str, ...], str]:
    """Terms and result with ``...`` written out in letters and the result always given."""
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"einsum: {subscripts!r} has {len(terms)} terms for {len(ndims)} operands")
    spare = "".join(sorted(set(ascii_letters) - set(subscripts)))
    rest = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True)]
    for term, n, ndim in zip(terms, rest, ndims, strict=True):
        if n < 0 or (n and "..." not in term):
            raise ValueError(f"einsum: term {term!r} of {subscripts!r} does not fit {ndim} dimensions")
    dots = spare[: max(rest, default=0)]
    full = tuple(t.replace("...", dots[len(dots) - n :]) for t, n in zip(terms, rest, strict=True))
    if arrow:
        result = result.replace("...", dots)
    else:
        counts = Counter("".join(full))
        result = dots + "".join(sorted(c for c in counts if counts[c] == 1 and c not in dots))
    unknown = set(result) - set("".join(full))
    if unknown or len(set(result)) != len(result):
        raise ValueError(f"einsum: the result of {subscripts!r} has a letter twice, or one that no term has")
    return full, result
