"""Ordinary differential equations, differentiated by equations of their own.

Reverse mode solves the adjoint equation backwards in time, ``da/dt = -a df/dy``, beside the state itself and
the integral of ``-a df/dp`` for everything ``p`` that ``f`` reads (L. S. Pontryagin et al. 1962, "The
Mathematical Theory of Optimal Processes"; for networks R. T. Q. Chen et al. 2018, "Neural Ordinary
Differential Equations"): memory does not grow with the number of steps. Forward mode solves
``dz/dt = df/dy z + df/dp dp`` beside the state. Both are calls of ``_solve`` again, so they are
differentiated like it, and so on for any order.

What ``f`` reads is found by recording it: the tensors older than the evaluation that its result comes from,
whether they were arguments or closed over.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from ..backend.arrays import namespace
from ..backend.dispatch import one_array, quiet
from ..backend.transfer import asarray, device_of, require_same_device, to_device
from ..core import Tensor, is_grad_enabled, make, no_grad, outward
from ..core.joint import Joint, Parts, item, record_joint
from ..core.modes import special
from ..core.recorder import computed_from_arrays
from ..ops import concatenate, stack
from .examples import each_example, one_by_one
from .flat import Flat, common_device, flatten, fresh, has_tensors, plain
from .inputs import name_of
from .outside import Reading, bare, boxed, read
from .runge_kutta import Control, integrate


@each_example
def odeint(
    f: Callable,
    y0: Any,
    t: Any,
    *args: Any,
    rtol: float = 1e-6,
    atol: float = 1e-6,
    first_step: float | None = None,
    max_steps: int = 10_000,
) -> Any:
    """The solution of ``dy/dt = f(y, t, *args)`` with ``y = y0`` at ``t[0]``, at the times ``t``.

    f: given Tensors ``y`` and ``t`` (a number), returns the slope, of the structure and shapes of ``y``.
    y0: a pytree of float or complex arrays, Tensors or numbers.
    t: times, a vector that rises or falls all the way.
    rtol, atol: allowed error of a step, ``atol + rtol * abs(y)`` in the root mean square.
    first_step: size of the first step; chosen if it is not given. max_steps: from one time to the next.

    Returns ``y`` with the times as a new first axis of every leaf, in the dtypes of ``y0``. Derivatives of
    any order in both modes, with respect to ``y0``, ``t``, ``args`` and the Tensors that ``f`` closes over.
    They solve equations of their own to the same tolerances, so they agree with those of the discrete
    solution up to these only.
    Backwards the state is integrated once more, which a strongly damped or stiff equation does not forgive;
    give such a one more times, where the state is taken from the way forward.

    Raises ValueError for shapes or times that do not fit, RuntimeError if steps become too small or too many.
    """
    what = f"odeint of {name_of(f)}"
    y, layout = flatten(y0, f"the start of {what}", common_device(y0, args))
    times = _times(t, y, what)

    def slope(y: Tensor, t: Tensor) -> Tensor:
        return layout.ravel(f(layout.unravel(y), t, *fresh(args)), f"the slope of {what}")

    ys = _solve(slope, y, times, Control(rtol, atol, first_step, max_steps))
    tree = layout.unravel(ys)
    return tree if ys.node is not None or has_tensors((y0, t, args)) else plain(tree)


def _times(t: Any, y: Tensor, what: str) -> Tensor:
    """``t`` as a Tensor beside the state; a grid of constants may come from the host."""
    if type(t) is Tensor and t.node is not None:
        require_same_device(t.data, y.data)
        times = t
    else:
        times = make(asarray(t.data if type(t) is Tensor else t, y.dtype, device_of(y.data)))
    steps = np.diff(to_device(times.data, "cpu").reshape(-1))
    if times.ndim != 1 or not times.size or not (np.all(steps > 0) or np.all(steps < 0)):
        raise ValueError(
            f"{what} takes times as a vector that rises or falls all the way (in {y.dtype}), got shape "
            f"{times.shape}" + (f" with steps from {steps.min():g} to {steps.max():g}" if steps.size else "")
        )
    return times if times.dtype == y.dtype else times.astype(y.dtype)


def _solve(slope: Callable, y0: Tensor, t: Tensor, control: Control) -> Tensor:
    """States at the times ``t`` as rows, connected to all that they depend on."""

    def bare(y: Any, t: Any) -> Any:
        return slope(make(y), make(t)).data

    with no_grad(), quiet():  # a step that goes too far is taken back
        ys = integrate(bare, y0.data, to_device(t.data, "cpu").tolist(), control)
    if special:
        computed_from_arrays([make(ys)])
    if not is_grad_enabled():
        return make(ys)
    outside = _outside(slope, make(ys), t)
    parents = (y0.node, t.node, *outside)
    if not any(parents):
        return make(ys)
    equation = _Equation(slope, t, list(outside), Flat(list(outside.values())), control)
    return make(ys, item(record_joint(_ODE, parents, equation, (ys,)), 0))


def _outside(slope: Callable, ys: Tensor, t: Tensor) -> dict[Any, Any]:
    """Nodes that the slope depends on besides state and time, each with an array of its shape and dtype.

    It is recorded at the first and the last time; what it reads only in between is met on the way back.
    """
    found: dict[Any, Any] = {}
    for i in {0, t.size - 1}:
        reading = read(slope, make(ys.data[i]), make(t.data[i, ...]))
        if reading.outside:
            ones = namespace(ys.data).ones_like(ys.data[i])
            found |= reading.pull(ones, reading.outside, None)
    return {node: one_array(g, type(ys.data)) for node, g in found.items()}


class _Equation(NamedTuple):
    """What is kept of a solution besides its states."""

    slope: Callable
    t: Tensor
    outside: list[Any]
    layout: Flat  # of the outside
    control: Control

    def read(self, y: Tensor, t: Tensor) -> Reading:
        """The slope, recorded."""
        reading = read(self.slope, y, t)
        if not set(reading.outside) <= set(self.outside):
            raise RuntimeError(
                f"odeint: at t={float(t.data):.9g} the slope depends on a Tensor that it did not depend on "
                "at the first and at the last time, so its gradient would be lost; pass it as an argument "
                "and use it always, say multiplied by 0"
            )
        return reading

    # ---- backwards ----

    def adjoint(self, g: Tensor, ys: Tensor) -> Parts:
        """Cotangents of the start, the times and the outside from those of the states."""
        n, t = ys.shape[1], self.t
        a = g[-1]
        side = make(namespace(ys.data).zeros(self.layout.size, ys.dtype))
        parts = (slice(n), slice(n, 2 * n), slice(2 * n, None))
        control = self.control._replace(blocks=parts if side.size else parts[:2], first_step=None)
        of_times: list[Tensor] = []
        for i in range(t.size - 1, 0, -1):
            if t.node is not None:
                of_times.append((g[i] * self.slope(ys[i], t[i])).sum())
            state = concatenate([ys[i], a, side])
            state = _solve(self.adjoint_slope, state, stack([t[i], t[i - 1]]), control)[-1]
            a, side = state[parts[1]] + g[i - 1], state[parts[2]]
        sides = map(outward, self.layout.split(side))
        found = Parts({0: a, **dict(enumerate(sides, start=2))})
        if t.node is not None:
            # A later start moves every state but the first, and against the slope.
            of_times.append(-((a - g[0]) * self.slope(ys[0], t[0])).sum())
            found[1] = stack(of_times[::-1])
        return found

    def adjoint_slope(self, state: Tensor, t: Tensor) -> Tensor:
        """The slope of the state, its adjoint and the integrals, as one vector."""
        n = (state.size - self.layout.size) // 2
        y, a = state[:n], state[n : 2 * n]
        box = make if is_grad_enabled() else None
        reading = self.read(y, t)
        node = reading.inputs[0].node
        found = reading.pull(bare(a, box), self.outside, box)
        sides = [outward(boxed(found.get(p), y, s, d)) for p, s, d in self._outside_shapes()]
        pieces = [reading.result, -boxed(found.get(node), y)]
        return concatenate([*pieces, -self.layout.join(sides, "gradient")] if sides else pieces)

    def _outside_shapes(self) -> Any:
        return zip(self.outside, self.layout.shapes, self.layout.dtypes, strict=True)

    # ---- forwards ----

    def sensitivity(self, tangents: Parts, ys: Tensor) -> Tensor:
        """Tangents of the states from those of the start, the times and the outside."""
        n, t = ys.shape[1], self.t
        z = boxed(tangents.get(0), ys[0])
        of_t = tangents.get(1)
        if of_t is not None:
            of_t = boxed(of_t, t)
            z = z - self.slope(ys[0], t[0]) * of_t[0]
        dots = {node: tangents[k] for k, node in enumerate(self.outside, start=2) if k in tangents}

        def slope(state: Tensor, t: Tensor) -> Tensor:
            y, z = state[:n], state[n:]
            box = make if is_grad_enabled() else None
            reading = self.read(y, t)
            moved = {p: bare(boxed(d, y), box) for p, d in {reading.inputs[0].node: z, **dots}.items()}
            return concatenate([reading.result, boxed(reading.push(moved, box), y)])

        control = self.control._replace(blocks=(slice(n), slice(n, None)), first_step=None)
        z = _solve(slope, concatenate([ys[0], z]), t, control)[:, n:]
        if of_t is None:
            return z
        return z + stack([self.slope(ys[i], t[i]) * of_t[i] for i in range(t.size)])


class _Ode(Joint):
    """States by a solver, derivatives by the equations for them."""

    @one_by_one
    def pull(self, g: Parts, saved: _Equation, arrays: tuple, node: Any) -> Parts:
        with _mode(g):
            return _alike(saved.adjoint(boxed(g[0], saved.t), make(arrays[0], node and item(node, 0))), g)

    @one_by_one
    def push(self, t: Parts, saved: _Equation, arrays: tuple, node: Any) -> Parts:
        with _mode(t):
            return _alike(Parts({0: saved.sensitivity(t, make(arrays[0], node and item(node, 0)))}), t)


_ODE = _Ode("odeint")


def _mode(given: Parts) -> Any:
    return nullcontext() if has_tensors(list(given.values())) else no_grad()


def _alike(parts: Parts, given: Parts) -> Parts:
    """Tensors if the sweep is over Tensors, else arrays."""
    return parts if has_tensors(list(given.values())) else Parts({i: t.data for i, t in parts.items()})
