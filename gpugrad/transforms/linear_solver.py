"""Linear systems whose matrix is known by its products with vectors only.

Up to ``DENSE`` unknowns the matrix is written out, a product for each column, and factorised, which takes any
matrix that is not singular. Beyond that it is restarted GMRES (Saad & Schultz 1986, SIAM J. Sci. Stat.
Comput. 7:856), which asks for a few products if the matrix is near a multiple of the identity, or its
eigenvalues cluster. Products and long vectors stay where they are; what is small is solved on the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend.arrays import namespace
from ..backend.dispatch import quiet
from ..backend.transfer import device_of, to_device

DENSE = 64
_RESTART = 40
_CYCLES = 50


def solve(product: Callable, b: Any, what: str, eps: float) -> Any:
    """``x`` with ``product(x) == b``, arrays of one dimension; ``eps`` is the relative precision of the
    products.

    Raises RuntimeError if there is no such ``x``, or none to be found.
    """
    return _dense(product, b, what) if b.size <= DENSE else gmres(product, b, what, eps)


def _dense(product: Callable, b: Any, what: str) -> Any:
    xp = namespace(b)
    columns = xp.stack([product(e) for e in xp.eye(b.size, dtype=b.dtype)] + [b])
    on_host = to_device(columns, "cpu")
    matrix, goal = on_host[:-1].T, on_host[-1]
    try:
        x = np.linalg.solve(matrix, goal)
    except np.linalg.LinAlgError:
        x = np.full_like(goal, np.inf)
    # Where this is larger, the condition number is beyond the precision and no digit of x means anything.
    with quiet():
        lost = abs(matrix).max() * abs(x).max() * np.finfo(b.dtype).eps
    if not lost <= max(abs(goal).max(), np.finfo(b.dtype).tiny):
        raise RuntimeError(f"{what} is singular, or not finite: there is no derivative here")
    return to_device(x, device_of(b))


def gmres(product: Callable, b: Any, what: str, eps: float) -> Any:
    """Restarted GMRES from 0, to a relative residual of ``eps ** 0.75`` or what rounding leaves."""
    xp = namespace(b)
    norm_b = _norm(b)
    x = xp.zeros_like(b)
    if norm_b == 0:
        return x
    r, norm_a = b, 0.0
    for _ in range(_CYCLES):
        norm_r = _norm(r)
        # The second bound is the best that rounding allows for this matrix.
        if norm_r <= max(eps**0.75 * norm_b, 10 * eps * norm_a * _norm(x)):
            return x
        if not np.isfinite(norm_r):
            break
        basis, hessenberg = _arnoldi(product, r / norm_r, eps**0.75 * norm_b / norm_r)
        norm_a = max(norm_a, float(np.linalg.norm(hessenberg, 2)))
        start = np.zeros(len(hessenberg))
        start[0] = norm_r
        y = np.linalg.lstsq(hessenberg, start, rcond=None)[0]
        x = x + xp.asarray(y.astype(b.dtype)) @ basis[: len(y)]
        r = b - product(x)
    raise RuntimeError(
        f"{what}: the linear system of {b.size} unknowns did not come to an end in {_CYCLES * _RESTART} "
        f"products (residual {_norm(r):.2g} for a right-hand side of {norm_b:.2g}); its matrix is singular "
        "or badly conditioned: give linear_solve=, a solver that suits it"
    )


def _arnoldi(product: Callable, v: Any, goal: float) -> tuple[Any, Any]:
    """An orthonormal basis of the Krylov space, as rows, and the Hessenberg matrix of the products in it.

    It ends early when the residual, of which the start is 1, is down to ``goal``.
    """
    xp = namespace(v)
    steps = min(_RESTART, v.size)
    basis = xp.zeros((steps + 1, v.size), v.dtype)
    basis[0] = v
    h = np.zeros((steps + 1, steps))
    for k in range(steps):
        w = product(basis[k])
        known = basis[: k + 1]
        first = known @ w  # Gram-Schmidt, done twice: as good as orthogonal, in two products with the basis
        w = w - first @ known
        second = known @ w
        w = w - second @ known
        h[: k + 1, k] = to_device(first + second, "cpu")
        h[k + 1, k] = norm = _norm(w)
        used = h[: k + 2, : k + 1]
        if norm <= np.finfo(v.dtype).eps * np.linalg.norm(h[: k + 1, k]):
            return basis, used
        start = np.eye(1, k + 2)[0]
        y = np.linalg.lstsq(used, start, rcond=None)[0]
        if not np.isfinite(norm) or np.linalg.norm(start - used @ y) <= goal:
            return basis, used
        basis[k + 1] = w / norm
    return basis, h


def _norm(x: Any) -> float:
    return float(namespace(x).linalg.norm(x))
