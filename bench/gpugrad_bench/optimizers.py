"""SGD and Adam for those who have none: ``f(xp, p, g, m, v, t, rate)`` gives p, m and v after step ``t``.

Arrays that can be written to are changed in place; JAX's take a new value.
"""

from __future__ import annotations

from typing import Any


def sgd(xp: Any, p: Any, g: Any, m: Any, v: Any, t: Any, rate: float) -> tuple[Any, Any, Any]:
    p -= rate * g
    return p, m, v


def adam(xp: Any, p: Any, g: Any, m: Any, v: Any, t: Any, rate: float) -> tuple[Any, Any, Any]:
    """Kingma and Ba 2015, with their constants."""
    m += 0.1 * (g - m)
    v += 0.001 * (g * g - v)
    p -= rate / (1 - 0.9**t) * m / (xp.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return p, m, v
