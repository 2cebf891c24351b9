"""The explicit Runge–Kutta pair of order 5(4) with a step size under control.

The pair is that of J. R. Dormand & P. J. Prince, "A family of embedded Runge-Kutta formulae", J. Comp. Appl.
Math. 6 (1980) 19–26. Step control and the first step follow E. Hairer, S. P. Nørsett & G. Wanner, "Solving
Ordinary Differential Equations I", 2nd ed., section II.4. Steps end exactly at the times that are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..backend.arrays import namespace

_TIMES = np.array([0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1])
_STAGES = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [1 / 5, 0, 0, 0, 0, 0, 0],
        [3 / 40, 9 / 40, 0, 0, 0, 0, 0],
        [44 / 45, -56 / 15, 32 / 9, 0, 0, 0, 0],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0, 0, 0],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0, 0],
        [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],  # the result: its slope serves twice
    ]
)
_ERROR = np.array([71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40])
_ORDER = 5
_SAFETY, _LEAST, _MOST = 0.9, 0.2, 10.0


class Control(NamedTuple):
    """How steps are chosen. An error is measured in each of ``blocks`` by itself, and the largest counts."""

    rtol: float
    atol: float
    first_step: float | None
    max_steps: int
    blocks: tuple[slice, ...] = (slice(None),)


def integrate(slope: Callable, y: Any, times: Sequence[float], control: Control) -> Any:
    """The solution of ``dy/dt = slope(y, t)`` at ``times``, as rows; ``y`` is a vector, that at the first
    time.

    ``slope`` gets ``t`` as an array of no dimensions, of the dtype and device of ``y``. Raises RuntimeError
    if a step would be too small to count, or after ``max_steps`` steps from one time to the next.
    """
    xp = namespace(y)
    rows = xp.empty((len(times), y.size), y.dtype)
    rows[0] = y
    if len(times) > 1:
        run = _Run(slope, y, times[0], times[1], control)
        for i, goal in enumerate(times[1:], start=1):
            rows[i] = run.advance(goal)
    return rows


class _Run:
    """Where the integration is: time, state, the slope there, and the step to try next."""

    def __init__(self, slope: Callable, y: Any, t: float, towards: float, control: Control) -> None:
        xp = namespace(y)
        self.slope, self.control, self.t, self.y = slope, control, t, y
        self.slopes = xp.empty((len(_TIMES), y.size), y.dtype)
        self.slopes[0] = slope(y, xp.asarray(t, y.dtype))
        self.stages, self.error = (xp.asarray(c.astype(y.dtype)) for c in (_STAGES, _ERROR))
        self.h = self._first_step(towards) if control.first_step is None else abs(control.first_step)

    def advance(self, goal: float) -> Any:
        """The state at ``goal``."""
        steps, rejected = 0, False
        while self.t != goal:
            rest = goal - self.t
            last = self.h >= abs(rest) * (1 - 1e-9)
            h = rest if last else math.copysign(self.h, rest)
            y, error = self._step(h)
            factor = _LEAST if not math.isfinite(error) else _SAFETY * max(error, 1e-10) ** (-1 / _ORDER)
            if error <= 1:
                self.t, self.y = (goal if last else self.t + h), y
                self.slopes[0] = self.slopes[-1]
                # The last step was cut short to end at the goal; that is no reason to go on with small ones.
                proposed = abs(h) * min(factor, 1 if rejected else _MOST)
                self.h = max(proposed, self.h) if last else proposed
            else:
                self.h = abs(h) * max(factor, _LEAST)
                self._require_progress(error)
            rejected = not error <= 1
            steps += 1
            if steps > self.control.max_steps:
                raise RuntimeError(
                    f"odeint took {steps} steps from the last output time and is at t={self.t:.9g} on its "
                    f"way to {goal:.9g}; the equation may be stiff: raise max_steps, rtol or atol"
                )
        return self.y

    def _require_progress(self, error: float) -> None:
        if self.h <= 16 * np.finfo(float).eps * abs(self.t) or self.h < np.finfo(float).tiny:
            what = "has values that are not finite" if not math.isfinite(error) else "is too rough or stiff"
            raise RuntimeError(
                f"odeint cannot go on at t={self.t:.9g}: the slope {what} there, and a step of {self.h:.3g} "
                "is still too large; look at f there, or raise rtol and atol"
            )

    def _step(self, h: float) -> tuple[Any, float]:
        """The state after a step ``h``, and the error in units of what is allowed."""
        xp = namespace(self.y)
        times = xp.asarray((self.t + h * _TIMES).astype(self.y.dtype))
        y = self.y
        for i in range(1, len(_TIMES)):
            y = self.y + h * (self.stages[i, :i] @ self.slopes[:i])
            self.slopes[i] = self.slope(y, times[i, ...])
        return y, self._size(h * (self.error @ self.slopes), xp.maximum(abs(self.y), abs(y)))

    def _size(self, x: Any, of: Any) -> float:
        """Root mean square of ``x`` in units of the tolerance for values ``of``."""
        xp = namespace(x)
        squares = xp.square(x / (self.control.atol + self.control.rtol * of))
        return math.sqrt(xp.stack([squares[block].mean() for block in self.control.blocks]).max())

    def _first_step(self, towards: float) -> float:
        """One for which an Euler step and the change of the slope along it look harmless."""
        way, slope = towards - self.t, self.slopes[0]
        size, steepness = self._size(self.y, abs(self.y)), self._size(slope, abs(self.y))
        if not math.isfinite(steepness):
            raise RuntimeError(
                f"odeint cannot start: the slope at t={self.t:.9g} has values that are not finite"
            )
        h = 1e-6 if min(size, steepness) < 1e-5 else 0.01 * size / steepness
        h = math.copysign(min(h, abs(way)), way)
        ahead = self.slope(self.y + h * slope, namespace(self.y).asarray(self.t + h, self.y.dtype))
        curvature = self._size(ahead - slope, abs(self.y)) / abs(h)
        largest = max(steepness, curvature)
        further = max(1e-6, abs(h) * 1e-3) if not largest > 1e-15 else (0.01 / largest) ** (1 / _ORDER)
        return min(100 * abs(h), further, abs(way))
