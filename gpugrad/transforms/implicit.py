"""Roots and fixed points, differentiated by the implicit function theorem: how they were found is no matter.

Where ``f(x, p) = 0``, a small change ``dp`` moves ``x`` by ``-(df/dx)^-1 df/dp dp``. That is a linear
system, solved with products by jvp, or by vjp for its transpose. ``p`` is all that ``f`` reads, closed-over
Tensors included. In a second derivative the solution of that system is itself a root, of a linear function,
and differentiated as one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import optree

from ..backend.arrays import namespace
from ..backend.dispatch import quiet
from ..backend.transfer import require_same_device
from ..core import Tensor, is_grad_enabled, make, no_grad
from ..core.joint import Joint, Parts, item, record_joint
from ..core.modes import special
from ..core.recorder import computed_from_arrays
from .examples import each_example, one_by_one
from .flat import common_device, flatten, fresh, has_tensors, plain, precision, require_numbers
from .inputs import name_of
from .linear_solver import solve as solve_linear
from .outside import Reading, bare, boxed, read


@each_example
def custom_root(
    f: Callable,
    solve: Callable,
    x0: Any,
    *args: Any,
    tol: float | None = None,
    linear_solve: Callable | None = None,
) -> Any:
    """``x`` with ``f(x, *args) == 0``, differentiable in ``args`` and in every Tensor that ``f`` closes over.

    f: returns a residual of the structure and shapes of ``x``.
    solve: any solver, called as ``solve(g, x0)`` where ``g(x) = f(x, *args)``; nothing it does is recorded.
        It is given plain arrays, ``g`` gives plain arrays for them, and it returns ``x`` like ``x0``. It
        may use the transforms on ``g``.
    x0: where to begin: a pytree of float or complex arrays, Tensors or numbers. The result has its structure,
        shapes, dtypes and device; it does not depend on ``x0``.
    tol: how large a residual may be, times the largest element of ``x`` if that is above 1; default
        the square root of the precision.
    linear_solve: called as ``linear_solve(product, b)`` with vectors, instead of the factorisation (up to
        64 unknowns) or restarted GMRES (beyond).

    Derivatives of any order in both modes. Raises RuntimeError if the residual at what ``solve`` returned
    is larger than ``tol`` allows, or if ``df/dx`` is singular there; ValueError for structures or shapes
    that do not fit.
    """
    return _root(f, solve, x0, args, tol, linear_solve, f"custom_root of {name_of(f)}")


@each_example
def fixed_point(
    f: Callable,
    x0: Any,
    *args: Any,
    solve: Callable | None = None,
    tol: float | None = None,
    max_steps: int = 10_000,
    linear_solve: Callable | None = None,
) -> Any:
    """``x`` with ``f(x, *args) == x``, differentiable in ``args`` and in every Tensor that ``f`` closes over.

    solve: called as ``solve(g, x0)`` to find a root of ``g(x) = f(x, *args) - x``; by default ``f`` is
        applied over and over until nothing changes any more, or ``max_steps`` times.
    The rest is as in :func:`custom_root`; so are the errors.
    """

    def residual(x: Any, *args: Any) -> Any:
        return optree.tree_map(lambda new, old: new - old, f(x, *args), x)

    solve = solve or partial(_repeat, max_steps)
    return _root(residual, solve, x0, args, tol, linear_solve, f"fixed_point of {name_of(f)}")


def _repeat(max_steps: int, residual: Callable, x: Any) -> Any:
    """Steps of the iteration until they have shrunk to rounding errors or do not shrink any more."""
    best, waited = np.inf, 0
    for _ in range(max_steps):
        with quiet():
            step = residual(x)
            x = optree.tree_map(lambda a, b: a + b, x, step)
        size, scale = _largest(step), _largest(x)
        eps = max(precision(leaf.dtype) for leaf in optree.tree_leaves(x))
        if not size > eps * scale:
            break
        waited = 0 if size < best else waited + 1
        if waited > 10 and size <= 100 * eps * scale:
            break
        best = min(best, size)
    return x


def _largest(tree: Any) -> float:
    return max((float(abs(x).max()) for x in optree.tree_leaves(tree) if x.size), default=0.0)


def _root(
    f: Callable, solve: Callable, x0: Any, args: tuple, tol: float | None, linear: Callable | None, what: str
) -> Any:
    start, layout = flatten(x0, f"the start of {what}", common_device(x0, args))

    def residual(x: Tensor) -> Tensor:
        return layout.ravel(f(layout.unravel(x), *fresh(args)), f"the residual of {what}")

    def for_the_solver(x: Any) -> Any:
        y = f(x, *fresh(args))
        for leaf in optree.tree_leaves(y):
            require_numbers(leaf, f"the residual of {what}")
        return y if has_tensors(x) else plain(y)

    with no_grad():
        found = solve(for_the_solver, plain(layout.unravel(start)))
        solution = layout.ravel(found, f"what the solver returned for {what}").data
        require_same_device(solution, start.data)
        allowed = layout.eps**0.5 if tol is None else tol
        with quiet():
            _require_root(residual(make(solution)).data, solution, allowed, what)
    linear = linear or partial(solve_linear, what=f"the derivative of {what}", eps=layout.eps)
    x = _connected(residual, solution, linear)
    tree = layout.unravel(x)
    return tree if x.node is not None or has_tensors((x0, args)) else plain(tree)


def _require_root(r: Any, x: Any, allowed: float, what: str) -> None:
    xp = namespace(r)
    size, scale = (float(v) for v in xp.stack([abs(r).max(), abs(x).max()]).tolist())
    if not size <= allowed * max(1.0, scale):
        raise RuntimeError(
            f"{what} did not converge: the largest residual is {size:.3g} where the largest element of x is "
            f"{scale:.3g}, allowed are tol={allowed:.3g} times it (or times 1); give a better start or "
            "solver, or a larger tol"
        )


# ---- the solution as an operation on all that the residual reads ----


class _Implicit(NamedTuple):
    """What is kept of a solution besides its value."""

    residual: Callable
    linear: Callable
    outside: list

    def read(self, x: Tensor) -> Reading:
        """The residual at the solution, recorded again."""
        reading = read(self.residual, x)
        if set(reading.outside) != set(self.outside):
            raise RuntimeError(
                "the residual of a root depends on other Tensors now than when the root was found, so its "
                "gradient would be wrong; pass what changes as an argument"
            )
        return reading

    def product(self, x: Tensor, transposed: bool) -> Callable:
        """Multiplication of a vector by df/dx, or by its transpose."""
        box = make if is_grad_enabled() else None
        reading = read(self.residual, x)
        node = reading.inputs[0].node

        def times(v: Tensor) -> Tensor:
            if transposed:
                return boxed(reading.pull(bare(v, box), (), box).get(node), v)
            return boxed(reading.push({node: bare(v, box)}, box), v)

        return times

    def solve(self, x: Tensor, b: Tensor, transposed: bool) -> Tensor:
        """The solution of ``product(x) u == b``; differentiable in ``x`` and ``b`` unless under no_grad."""
        with no_grad():
            times = self.product(make(x.data), transposed)
            u = self.linear(lambda v: times(make(v)).data, b.data)
        return _connected(lambda u: self.product(x, transposed)(u) - b, u, self.linear)


class _Root(Joint):
    """The solution: its derivative is minus the inverse of df/dx, times that of the residual."""

    @one_by_one
    def pull(self, g: Parts, saved: _Implicit, arrays: tuple, node: Any) -> Parts:
        box, x = make if type(g[0]) is Tensor else None, make(arrays[0], node and item(node, 0))
        with nullcontext() if box else no_grad():
            u = -saved.solve(x, boxed(g[0], x), transposed=True)
            found = saved.read(x).pull(bare(u, box), saved.outside, box)
        return Parts({i: found[p] for i, p in enumerate(saved.outside)})

    @one_by_one
    def push(self, t: Parts, saved: _Implicit, arrays: tuple, node: Any) -> Parts:
        box = make if any(type(part) is Tensor for part in t.values()) else None
        x = make(arrays[0], node and item(node, 0))
        with nullcontext() if box else no_grad():
            change = saved.read(x).push({saved.outside[i]: part for i, part in t.items()}, box)
            return Parts({0: bare(-saved.solve(x, boxed(change, x), transposed=False), box)})


_ROOT = _Root("root")


def _connected(residual: Callable, solution: Any, linear: Callable) -> Tensor:
    """The vector ``solution``, a root of ``residual``, connected to all that this reads."""
    if special:
        computed_from_arrays([make(solution)])
    if not is_grad_enabled():
        return make(solution)
    outside = read(residual, make(solution)).outside
    if not outside:
        return make(solution)
    call = record_joint(_ROOT, outside, _Implicit(residual, linear, outside), (solution,))
    return make(solution, item(call, 0))
