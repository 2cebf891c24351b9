"""What a row of the op table says, and the words to say it in."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from gpugrad import ops


class Sample(NamedTuple):
    """One call: a shape for each operand, and parameters by name."""

    shapes: tuple[tuple[int, ...], ...]
    params: dict[str, Any]

    def __str__(self) -> str:
        return ", ".join([*map(str, self.shapes), *(f"{k}={v}" for k, v in self.params.items())])


def call(*shapes: tuple[int, ...], **params: Any) -> Sample:
    """A sample as it is written in a row."""
    return Sample(shapes, params)


class Bad(NamedTuple):
    """A call that has to raise ``error`` with a text that matches ``match``."""

    error: type[Exception]
    match: str
    operands: tuple
    params: dict[str, Any]


def bad(error: type[Exception], match: str, *operands: Any, **params: Any) -> Bad:
    """An error sample as it is written in a row."""
    return Bad(error, match, operands, params)


# ---- domains: where operands are drawn from; floats are differentiated, integers and booleans are not ----

Domain = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def between(low: float, high: float) -> Domain:
    """Evenly distributed numbers."""
    return lambda rng, shape: rng.uniform(low, high, shape)


def whole(low: int, high: int) -> Domain:
    """Integers from ``low`` up to, not including, ``high``."""
    return lambda rng, shape: rng.integers(low, high, shape)


def nonzero(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of either sign, none near 0."""
    return rng.uniform(0.5, 2, shape) * rng.choice([-1.0, 1.0], shape)


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of either sign in random order, none near 0 or near another."""
    n = int(np.prod(shape))
    return np.asarray(rng.permutation(n) - n / 2 + 0.25).reshape(shape) * 0.5


def broken(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that are not near a whole one or a half."""
    return rng.integers(-3, 3, shape) + rng.choice([0.25, 0.75], shape) + rng.uniform(-0.1, 0.1, shape)


def few(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Whole floats, so few that many are equal."""
    return np.asarray(rng.integers(-2, 3, shape), float)


def booleans(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """True and false."""
    return np.asarray(rng.integers(0, 2, shape, dtype=bool))


REAL, POSITIVE = between(-2, 2), between(0.5, 3)

# ---- shapes ----

UNARY = (call(()), call((0,)), call((5,)), call((2, 3)))
BINARY = (
    call((), ()),
    call((3,), (3,)),
    call((2, 3), (3,)),
    call((2, 1), (1, 3)),
    call((), (2,)),
    call((2, 0), (1,)),
)


# ---- rows ----


def _primitives() -> dict[str, Callable]:
    found = {}
    for info in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"{ops.__name__}.{info.name}")
        for name, f in vars(module).items():
            if callable(f) and hasattr(f, "primitive") and f.__module__ == module.__name__:
                found[name] = f
    return found


PRIMITIVES = _primitives()
"""The function of every primitive of ``gpugrad.ops``, by the name it has in its module."""


@dataclass(frozen=True)
class Row:
    """One operation.

    name: of a public function of gpugrad.ops or of a primitive, unless ``f`` gives the function itself. The
        row ``"sum"`` stands for the primitive ``_sum`` as well.
    reference: the same on NumPy arrays in float64, by another road than gpugrad's.
    domains: one for each operand, or one for all.
    points: operands at which value and derivatives of orders 1 and 2 are finite; numbers or tuples of them.
    kinks: derivatives by operands, where a convention decides.
    dtypes: kinds of the dtypes it takes: ``"f"``, or ``"fc"`` with complex numbers.
    exact: whether every dtype holds the very result, as when elements only move.
    condition: units in the last place, times this, that the value may be wrong.
    smooth: whether there are derivatives to check.
    single: whether half precision gives single precision, as in Fourier transforms.
    """

    name: str
    reference: Callable
    samples: tuple[Sample, ...] = UNARY
    domains: Domain | tuple[Domain, ...] = REAL
    points: tuple = ()
    kinks: dict = field(default_factory=dict)
    errors: tuple[Bad, ...] = ()
    dtypes: str = "f"
    exact: bool = False
    condition: float = 1.0
    smooth: bool = True
    single: bool = False
    f: Callable | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def function(self) -> Callable:
        """The operation as users call it."""
        return self.f or getattr(ops, self.name, None) or PRIMITIVES[self.name]

    def operands(self, sample: Sample, dtype: Any = np.float64, seed: int = 0) -> list[np.ndarray]:
        """NumPy arrays for one call."""
        rng = np.random.default_rng(seed)
        domains = self.domains if isinstance(self.domains, tuple) else (self.domains,) * len(sample.shapes)
        arrays = []
        for domain, shape in zip(domains, sample.shapes, strict=True):
            x = np.asarray(domain(rng, shape))
            if x.dtype.kind == "f":
                turn = 1j * rng.uniform(-1, 1, shape) if np.dtype(dtype).kind == "c" else 0
                x = np.asarray(x + turn).astype(dtype)
            arrays.append(x)
        return arrays
