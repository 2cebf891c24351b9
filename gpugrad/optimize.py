"""SciPy's minimisers on functions of gpugrad: values, gradients and products with the Hessian come from here.

SciPy sees one vector of float64 on the host. It goes to the device of ``x0`` once for each evaluation,
where it is taken apart, and value and gradient come back in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optree

from .backend.device import Device
from .backend.transfer import asarray, device_of, to_device
from .core import Tensor, make
from .ops import concatenate
from .transforms.flat import Flat, as_leaf, common_device, flatten, has_tensors, plain
from .transforms.gradient import grad, value_and_grad
from .transforms.products import linearize

_PRODUCTS = frozenset(("newton-cg", "trust-ncg", "trust-krylov", "trust-constr"))
_GRADIENTS = _PRODUCTS | {"cg", "bfgs", "l-bfgs-b", "tnc", "slsqp"}


def minimize(
    f: Callable,
    x0: Any,
    args: tuple = (),
    method: str | None = None,
    *,
    bounds: Any = None,
    callback: Callable | None = None,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """The ``x`` near ``x0`` that makes ``f(x, *args)`` least, by ``scipy.optimize.minimize``.

    f: returns one real number; it is given Tensors.
    x0: a pytree of float or complex arrays, Tensors or numbers, all on one device.
    method: ``"BFGS"`` (default), ``"L-BFGS-B"`` (default with bounds), ``"CG"``, ``"TNC"``, ``"SLSQP"``, or
        one that takes products with the Hessian: ``"Newton-CG"``, ``"trust-ncg"``, ``"trust-krylov"``,
        ``"trust-constr"``.
    bounds: a pair ``(lower, upper)`` in a tuple, each None, a number, or a pytree like ``x0`` of numbers
        and arrays that broadcast to the leaves; or SciPy's own: a list of pairs, one for each element, or
        ``Bounds``.
    callback: called with ``x``, like ``x0``, after each iteration; if it returns True the search ends.
    tol, options: as in SciPy.

    Returns SciPy's ``OptimizeResult``; its ``x`` and ``jac`` (``grad`` from trust-constr) have the structure,
    shapes, dtypes and device of ``x0``, and are Tensors if ``x0`` or ``args`` have Tensors in them.
    The search is in float64 even if ``f`` computes in float32, whose rounding errors then end it early:
    raise ``tol``. Raises ImportError without SciPy.
    """
    try:
        from scipy import optimize  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError(
            'gpugrad.optimize needs SciPy, which is not installed; run: pip install "gpugrad[optimize]"'
        ) from error
    name = method or ("L-BFGS-B" if bounds is not None else "BFGS")
    if not isinstance(name, str) or name.lower() not in _GRADIENTS:
        raise ValueError(
            "gpugrad.optimize.minimize takes a method that uses gradients "
            f"({', '.join(sorted(_GRADIENTS))}), got {method!r}; for the others call "
            "scipy.optimize.minimize itself"
        )
    problem = _Problem(f, x0, args)

    def report(vector: Any, *state: Any) -> bool:
        stop = callback is not None and callback(problem.outward(vector)) is True
        if stop and name.lower() != "trust-constr":
            raise StopIteration
        return stop

    result = optimize.minimize(
        problem.value_and_gradient,
        problem.start,
        jac=True,
        method=name,
        hessp=problem.hessian_product if name.lower() in _PRODUCTS else None,
        bounds=problem.bounds(bounds),
        callback=None if callback is None else report,
        tol=tol,
        options=options,
    )
    result.x = problem.outward(result.x)
    gradient = "grad" if name.lower() == "trust-constr" else "jac"  # where jac is that of the constraints
    result[gradient] = problem.outward(result[gradient])
    return result


class _Problem:
    """The function between SciPy's vectors and the user's pytrees."""

    def __init__(self, f: Callable, x0: Any, args: tuple) -> None:
        if not isinstance(args, tuple):
            raise TypeError(f"args has to be a tuple of further arguments of f, got {type(args).__name__}")
        vector, self.layout = flatten(x0, "x0 of minimize", common_device(x0, args))
        self.device: Device = device_of(vector.data)
        self.boxed = has_tensors((x0, args))
        self.start = to_device(vector.data, "cpu").astype(np.float64)

        def value(x: Any) -> Any:
            return f(x, *args)

        self.evaluate, self.gradient = value_and_grad(value), grad(value)
        self.linearized: tuple[Any, Callable] | None = None

    def inward(self, vector: Any) -> Any:
        """A vector of SciPy's as the pytree on the device."""
        return self.layout.unravel(make(asarray(vector, device=self.device)))

    def outward(self, vector: Any) -> Any:
        """The same for the caller."""
        tree = self.inward(np.array(vector))
        return tree if self.boxed else plain(tree)

    def vector_of(self, tree: Any) -> Tensor:
        """A pytree as a vector of float64 on the device."""
        return self.layout.ravel(tree, "the gradient").detach().astype("float64")

    def value_and_gradient(self, vector: Any) -> tuple[float, Any]:
        """What SciPy minimises."""
        value, gradient = self.evaluate(self.inward(vector))
        both = concatenate([value.detach().astype("float64").reshape(-1), self.vector_of(gradient)])
        on_host = to_device(both.data, "cpu")
        return float(on_host[0]), on_host[1:]

    def hessian_product(self, vector: Any, direction: Any) -> Any:
        """The Hessian at ``vector`` times ``direction``: the derivative of the gradient along it.

        The gradient is recorded once for each point, where SciPy asks for several directions.
        """
        if self.linearized is None or not np.array_equal(self.linearized[0], vector):
            self.linearized = None  # before the next is made: there is memory for one
            self.linearized = np.array(vector), linearize(self.gradient, self.inward(vector))[1]
        product = self.linearized[1](self.inward(direction))
        return to_device(self.vector_of(product).data, "cpu")

    def bounds(self, given: Any) -> Any:
        """``given`` as SciPy takes them."""
        if type(given) is not tuple:
            return given
        if len(given) != 2:
            raise ValueError(
                f"bounds is a tuple (lower, upper) or a list of pairs, got a tuple of {len(given)}"
            )
        if any(d.kind == "c" for d in self.layout.dtypes):
            raise ValueError("bounds of complex numbers mean nothing; minimise over real and imaginary parts")
        lower, upper = (self._bound(side, end) for side, end in zip(given, (-np.inf, np.inf), strict=True))
        return list(zip(lower, upper, strict=True))

    def _bound(self, side: Any, free: float) -> Any:
        """One side of the bounds as a vector."""
        layout: Flat = self.layout
        if side is None or isinstance(side, (int, float)):
            return np.full(layout.size, free if side is None else side)
        leaves: Sequence[Any] = optree.tree_leaves(side, none_is_leaf=True)
        spec = optree.tree_structure(optree.tree_map(lambda _: 0, side, none_is_leaf=True))
        if spec != layout.spec:
            raise ValueError(
                f"a side of bounds=(lower, upper) has to have the structure of x0, {layout.spec}, got "
                f"{spec}; SciPy's pairs go into a list"
            )
        values = [free if x is None else to_device(as_leaf(x, Device.CPU).data, "cpu") for x in leaves]
        return np.concatenate(
            [np.broadcast_to(v, shape).ravel() for v, shape in zip(values, layout.shapes, strict=True)]
        )
