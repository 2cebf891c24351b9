"""Checking derivatives against central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import optree

from .core import Tensor, tensor
from .ops.transfer import numpy_of
from .transforms import jvp, vjp

# The truncation error of a central difference with step h grows as h**2, its rounding error as u/h, where u
# is the relative distance of two numbers: the sum is least near the cube root of u.
_STEP = {"float16": 1e-1, "bfloat16": 2e-1, "float32": 5e-3, "float64": 6e-6}
_TOLERANCE = {"float16": 1e-1, "bfloat16": 4e-1, "float32": 2e-2, "float64": 1e-6}
_REAL = {"complex64": "float32", "complex128": "float64"}


def check_grads(
    f: Callable,
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    rtol: float | None = None,
    atol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check the derivatives of ``f(*args)`` of every order up to ``order``.

    f: a function of pytrees of Tensors that returns a pytree of them; it is always given Tensors.
    args: its arguments, with float or complex arrays, Tensors or numbers of any shape as leaves.
    modes: ``"fwd"`` compares forward mode with central differences, ``"rev"`` reverse mode with them and, if
        both are asked for, with forward mode, whose transpose it is. Each leaf of the arguments is moved in
        one random direction, and the result has one random cotangent; they are the same in every call.
    rtol, atol: how far a derivative may be from what is expected: ``atol + rtol * abs(expected)``. Default
        for the least precise dtype in ``args``: 1e-6 for float64 (recommended), 0.02 for float32.
    eps: step of the differences, by default the cube root of the precision. ``f`` has to be smooth so far
        around ``args``, and near 1 in size for the default tolerances to make sense.

    Complex gradients point in the direction of steepest ascent: a small step ``t`` changes a real result by
    ``real(sum(conj(gradient) * t))``.

    Raises AssertionError that names the argument, the modes (``rev over fwd``: gradient of a tangent), the
    order, what came and what was expected. Raises TypeError for integer arguments or no tuple of them,
    ValueError for another mode or an order below 1.
    """
    if order < 1 or not modes or not set(modes) <= {"rev", "fwd"}:
        raise ValueError(
            f"check_grads needs order >= 1 and modes from 'rev' and 'fwd', got order={order}, modes={modes}"
        )
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"check_grads takes a tuple of arguments, as in (x,), got {type(args).__name__}")
    given: Any = tuple(args)
    inputs: Any = optree.tree_map(_boxed, given)
    kind = max(map(_kind, optree.tree_leaves(inputs)), key=_STEP.__getitem__, default="float64")
    check = _Check(
        getattr(f, "__name__", type(f).__name__),
        tuple(modes),
        _TOLERANCE[kind] if rtol is None else rtol,
        _TOLERANCE[kind] if atol is None else atol,
        _STEP[kind] if eps is None else eps,
    )
    with np.errstate(all="ignore"):
        check.orders(f, inputs, order, ())


def _boxed(leaf: Any) -> Tensor:
    x = leaf.detach() if isinstance(leaf, Tensor) else tensor(leaf)
    if x.dtype.name not in _STEP and x.dtype.name not in _REAL:
        raise TypeError(f"check_grads needs float or complex arguments, got dtype {x.dtype}; use astype")
    return x


def _kind(x: Any) -> str:
    name: str = x.dtype.name
    return _REAL.get(name, name)


class _Check(NamedTuple):
    """What stays the same from order to order."""

    name: str
    modes: tuple[str, ...]
    rtol: float
    atol: float
    eps: float

    def orders(self, f: Callable, args: Any, order: int, path: tuple[str, ...]) -> None:
        """Check the first derivatives of ``f``, then theirs; ``path``: the modes taken before, last first."""
        rng = np.random.default_rng(len(path))
        tangents: Any = optree.tree_map(lambda x: _random(rng, x), args)
        result, pull = vjp(f, *args)
        cotangents = optree.tree_map(lambda y: _random(rng, y), result)
        gradients = optree.tree_leaves(pull(cotangents)) if "rev" in self.modes else None
        for i, place in enumerate(optree.tree_accessors(args)):
            direction = _only(i, tangents)
            change = _difference(f, args, direction, self.eps)
            where = f"of {self.name}, order {len(path) + 1}, with respect to {place.codify('args')}"
            if "fwd" in self.modes:
                pushed = jvp(f, args, direction)[1]
                self.tangents(pushed, change, f"{' over '.join(('fwd', *path))} derivative {where}")
            if gradients is not None:
                got = _inner(gradients[i], optree.tree_leaves(tangents)[i])
                what = f"{' over '.join(('rev', *path))} derivative {where}"
                self.numbers(got, _inner(cotangents, change), what, "central differences")
                if "fwd" in self.modes:
                    self.numbers(got, _inner(cotangents, pushed), what, "forward mode")
        if order > 1:
            derivatives = {
                "fwd": lambda *xs: jvp(f, xs, tangents)[1],
                "rev": lambda *xs: vjp(f, *xs)[1](cotangents),
            }
            for mode in self.modes:
                self.orders(derivatives[mode], args, order - 1, (mode, *path))

    def tangents(self, got: Any, expected: Any, what: str) -> None:
        """Compare two pytrees, leaf by leaf."""
        pairs = zip(optree.tree_leaves(got), optree.tree_leaves(expected), strict=True)
        for place, (g, e) in zip(optree.tree_accessors(got), pairs, strict=True):
            of = f", of {place.codify('result')}" if place else ""
            self.numbers(_wide(g), e, what + of, "central differences")

    def numbers(self, got: Any, expected: Any, what: str, source: str) -> None:
        """Compare two NumPy arrays; the worst element is the one that is named."""
        excess = np.abs(got - expected) - (self.atol + self.rtol * np.abs(expected))
        if np.all(excess <= 0):  # which NaN is not
            return
        worst = np.unravel_index(np.argmax(np.where(np.isnan(excess), np.inf, excess)), excess.shape)
        at = f" at index {[int(k) for k in worst]}" if worst else ""
        raise AssertionError(
            f"{what}{at}: got {got[worst]:.9g}, expected {expected[worst]:.9g} by {source} "
            f"(rtol={self.rtol:g}, atol={self.atol:g})"
        )


# ---- directions and differences ----


def _random(rng: np.random.Generator, like: Tensor) -> Tensor:
    values: Any = rng.uniform(-1, 1, like.shape)
    if like.dtype.kind == "c":
        values = values + 1j * rng.uniform(-1, 1, like.shape)
    return tensor(np.asarray(values), dtype=like.dtype, device=like.device)


def _only(i: int, tangents: Any) -> Any:
    """``tangents`` with zeros in every leaf but ``i``."""
    leaves, spec = optree.tree_flatten(tangents)
    return optree.tree_unflatten(spec, [t if k == i else t * 0 for k, t in enumerate(leaves)])


def _difference(f: Callable, args: Any, direction: Any, eps: float) -> Any:
    """The derivative of ``f`` in this direction, in NumPy arrays."""
    above = f(*optree.tree_map(lambda x, t: x + t * eps, args, direction))
    below = f(*optree.tree_map(lambda x, t: x - t * eps, args, direction))
    return optree.tree_map(lambda a, b: (_wide(a) - _wide(b)) / (2 * eps), above, below)


def _wide(x: Any) -> Any:
    """A Tensor or array as a NumPy array in double precision."""
    values = numpy_of(x) if isinstance(x, Tensor) else np.asarray(x)
    return values.astype(complex if values.dtype.kind == "c" else float)


def _inner(a: Any, b: Any) -> Any:
    """``real(sum(conj(a) * b))`` over all leaves."""
    pairs = zip(optree.tree_leaves(a), optree.tree_leaves(b), strict=True)
    return np.asarray(sum(np.vdot(_wide(x), _wide(y)).real for x, y in pairs))
