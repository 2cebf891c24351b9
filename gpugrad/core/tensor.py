"""Tensor: an array and the node that says how it came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend.arrays import is_array, namespace
from ..backend.dispatch import one_array, quiet
from ..backend.dlpack import from_dlpack as array_from_dlpack
from ..backend.transfer import asarray, device_of, require_same_device
from .batched import Batched, Level, depth_of, levels, unbatched
from .fit import fit
from .hooks import HookHandle
from .modes import recorded, special, state
from .node import Leaf, leads_to_leaf
from .recorder import asked, bound, boxing, copied
from .reverse import sweep
from .writes import written

if TYPE_CHECKING:
    from ..ops.methods import Methods as _Base
else:
    _Base = object  # the operators and NumPy's methods are put on this class by gpugrad.ops


class Tensor(_Base):
    """A NumPy or CuPy array that remembers how it was computed. Make one with :func:`gpugrad.tensor`.

    A Tensor is a value: ``t[i] = v`` and ``t += v`` leave every other handle on the old value alone.
    ``data`` is the array itself, of the library of its device; ``node`` is ``None`` where no gradient
    is needed.
    """

    __slots__ = ("__weakref__", "data", "node")
    data: Any
    node: Any

    __array_priority__ = 1000
    __hash__ = object.__hash__  # type: ignore[assignment]  # == compares elements, yet handles go into sets

    # ---- what it is ----

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.data.shape

    @property
    def dtype(self) -> Any:
        """NumPy dtype of the elements."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.data.size

    @property
    def device(self) -> Any:
        """The device that holds the data."""
        return device_of(self.data)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self.node is not None

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.node is None or type(self.node) is Leaf

    @property
    def grad(self) -> Tensor | None:
        """Sum of the gradients that ``backward`` has brought to this leaf; ``None`` before the first."""
        return self.node.grad if type(self.node) is Leaf else None

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if type(self.node) is not Leaf:
            raise RuntimeError(
                ".grad belongs to a leaf, made with requires_grad=True; this tensor is not one"
            )
        if value is not None and (
            type(value) is not Tensor or value.shape != self.shape or value.dtype != self.dtype
        ):
            raise ValueError(
                f".grad takes None or a Tensor of shape {self.shape} and dtype {self.dtype}, got "
                + (
                    f"shape {value.shape}, dtype {value.dtype}"
                    if type(value) is Tensor
                    else type(value).__name__
                )
            )
        self.node.grad = value
        if special:
            bound(self.node, "grad", None if value is None else value.data)

    # ---- differentiation ----

    def backward(
        self, gradient: Any = None, *, retain_graph: bool | None = None, create_graph: bool = False
    ) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf that it depends on.

        gradient: cotangent, of this tensor's shape and dtype; may be left out for one real number.
        retain_graph: keep what the graph saved, for another ``backward`` (default: ``create_graph``).
        create_graph: record the sweep, so that ``.grad`` can be differentiated again.

        Raises RuntimeError if nothing requires grad or the graph was freed, ValueError for a gradient of
        another shape or a missing one, TypeError for one of another dtype.
        """
        if self.node is None:
            raise RuntimeError(
                "backward() on a tensor that does not require grad: none of its operands was made with "
                "requires_grad=True, or it was computed under no_grad() or detach()ed"
                + ("; inside of vmap use gpugrad.grad, or backward() on its result" if levels.active else "")
            )
        g = seed(self, gradient)
        retain = create_graph if retain_graph is None else retain_graph
        with quiet():
            if create_graph:
                with recorded():
                    found = sweep({self.node: g}, retain_graph=retain, box=make)
                    deposit(found, g)
            else:
                found = sweep({self.node: g.data}, retain_graph=retain)
                deposit(found, g)
        if not found and not leads_to_leaf(self.node):
            raise RuntimeError(
                f"backward() on a tensor of shape {self.shape} that depends on no leaf, only on arguments of "
                "a function that gpugrad.grad, vjp, jvp or the like called, and these have no .grad: "
                "use what the transform gives, and return what the function has kept, with has_aux=True"
            )

    def detach(self) -> Tensor:
        """The same data, cut off from the graph."""
        return make(without_graph(self.data))

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make this tensor a leaf that gradients are collected for, or an ordinary one; returns itself."""
        if not requires_grad:
            if not self.is_leaf:
                raise RuntimeError("only a leaf can stop requiring grad; use detach() for a computed tensor")
            self.node = None
        elif self.node is None:
            require_inexact(self.dtype)
            if isinstance(self.data, Batched):
                raise RuntimeError("a Tensor of vmap cannot become a leaf; use gpugrad.grad inside of it")
            self.node = Leaf(self.shape, self.dtype)
        return self

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call ``hook(gradient)`` whenever the gradient of this tensor has been computed.

        What the hook returns takes the gradient's place; ``None`` leaves it. The handle that comes back
        has ``remove()``. Raises RuntimeError if this tensor does not require grad.
        """
        if self.node is None:
            raise RuntimeError("register_hook() needs a tensor that requires grad")

        def call(g: Any) -> Any:
            boxed = g if type(g) is Tensor else make(one_array(g, type(g)))
            result = hook(outward(boxed))
            if result is None:
                return g
            result = outward(alike(result, boxed.data, "gradient that a hook returns"))
            return result if type(g) is Tensor else result.data

        return HookHandle(self.node, call)

    def assign_(self, value: Any) -> Tensor:
        """Write ``value`` into this leaf's own memory, as an optimiser does; returns the leaf.

        value: anything that broadcasts to this shape. A graph that kept the old value will say so in
        ``backward``. Raises RuntimeError on a computed tensor.
        """
        if not self.is_leaf:
            raise RuntimeError("assign_() writes to leaves only; a computed tensor is a value")
        array = unbatched(value.data if type(value) is Tensor else value, "a value for one leaf")
        require_same_device(self.data, array)
        _fill(self.data, array)
        written(self.data, _fill, self.data, array)
        return self

    def __reduce__(self) -> tuple:
        """For ``pickle`` and ``copy.deepcopy``: the data, and whether gradients are collected."""
        if not self.is_leaf:
            raise TypeError("a computed Tensor is not copied with its graph; copy t.detach(), or t.copy()")
        return _restored, (self.data, self.requires_grad)


def _fill(array: Any, value: Any) -> None:
    array[...] = value


# ---- making tensors ----


def make(data: Any, node: Any = None) -> Tensor:
    """A Tensor round an array of ours, with no look at it."""
    t = Tensor()
    t.data = data
    t.node = node
    return t


boxing.make = make


def tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new Tensor with a copy of ``data``.

    data: numbers, nested lists, a NumPy or CuPy array, a Tensor, or anything with ``__dlpack__``.
    dtype: default that of ``data``; a Python float makes float64, as in NumPy.
    device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``; default where the array is, else the default device.
    requires_grad: collect gradients for it; needs a float or complex dtype (TypeError otherwise).
    """
    source = data.data if type(data) is Tensor else data
    if isinstance(source, Batched):
        return _of_batch(source, dtype, device, requires_grad)
    array = asarray(source, dtype=dtype, device=device)
    shared = array is source or not is_array(source) or array.base is not None
    t = make(array.copy() if shared else array)
    if special and type(data) is Tensor:
        if array is source:
            copied(source, t.data)
        else:
            asked(data, "gpugrad.tensor(t, dtype or device)", "Convert by t.astype(dtype) or t.to(device).")
    return t.requires_grad_() if requires_grad else t


def from_dlpack(source: Any) -> Tensor:
    """A Tensor over the memory of ``source``, an array of any library that offers DLPack; nothing is copied.

    Who writes to one writes to the other. Raises TypeError for a Tensor that requires grad.
    """
    return make(array_from_dlpack(source))


def _restored(data: Any, requires_grad: bool) -> Tensor:
    return make(data).requires_grad_(requires_grad)


def require_inexact(dtype: Any) -> None:
    """Raise unless gradients with this dtype exist. bfloat16 has kind "V" and is a float all the same."""
    if dtype.kind not in "fc" and dtype.name != "bfloat16":
        raise TypeError(
            f"only float and complex tensors can require grad, got dtype {dtype}; "
            "convert first, say with .astype(float)"
        )


# ---- tensors inside of vmap ----


def beneath(x: Any) -> Any:
    """What a batch is made of: an array, or the Tensor where somebody follows it (a graph, a recorder)."""
    if type(x) is Tensor:
        return x if x.node is not None or state.recorders else x.data
    return one_array(x, type(x))


def lifted(x: Any, level: Level) -> Any:
    """``x``, an array or a Tensor, at ``level``: the same for all examples, its graph beneath the batch."""
    if depth_of(x.data if type(x) is Tensor else x) >= level.type.depth:
        return x
    batch = level.type(level, beneath(x), False)
    return make(batch) if type(x) is Tensor else batch


def without_graph(data: Any) -> Any:
    """``data`` itself or, for a batch, one that has no graph beneath."""
    if not isinstance(data, Batched):
        return data
    value = data.value
    cut = without_graph(value.data) if type(value) is Tensor else without_graph(value)
    return type(data)(data.level, cut, data.mapped)


def _of_batch(source: Batched, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    t = make(without_graph(source))
    t = t if dtype is None else t.astype(dtype)
    t = t.copy() if device is None else t.to(device)
    return t.requires_grad_() if requires_grad else t


# ---- the public door of the sweep ----


def outward(t: Any) -> Any:
    """Between the sweep's transposes and gradients that point uphill: a conjugate, for complex numbers."""
    return t.conj() if t.dtype.kind == "c" else t


def seed(result: Tensor, gradient: Any = None) -> Tensor:
    """The cotangent that a sweep from ``result`` starts with, checked."""
    data = result.data
    if gradient is None:
        if data.size != 1 or data.dtype.kind == "c":
            raise ValueError(
                f"a gradient without a cotangent needs one real number, got shape {data.shape} and dtype "
                f"{data.dtype}; reduce it, say with .sum(), or give the cotangent, as in backward(gradient)"
            )
        if isinstance(data, Batched):
            return make(namespace(data).ones_like(data))
        one = data.copy()
        one.fill(1)  # in 0.2 microseconds, where ones_like takes 0.7
        return make(one)
    return outward(alike(gradient, data, "cotangent"))


def alike(given: Any, data: Any, what: str) -> Tensor:
    """``given`` as a Tensor, if it has the shape, dtype and device of ``data``; Python numbers take them."""
    t = given
    if type(t) is not Tensor:
        dtype = None if hasattr(given, "dtype") else data.dtype
        t = make(asarray(given, dtype, None if is_array(given) else device_of(data)))
    if t.shape != data.shape:
        raise ValueError(f"the {what} has to have shape {data.shape}, got {t.shape}")
    if t.dtype != data.dtype:
        raise TypeError(
            f"the {what} has to have dtype {data.dtype}, got {t.dtype}; "
            f"convert it with .astype({str(data.dtype)!r})"
        )
    require_same_device(t.data, data)
    return lifted(t, data.level) if isinstance(data, Batched) else t


# ---- gradients that leave the sweep ----


def finished(cotangent: Any, shape: tuple[int, ...], dtype: Any, taken: set[int]) -> Tensor:
    """The gradient that a sweep's ``cotangent`` is for an input of ``shape`` and ``dtype``."""
    h = cotangent
    if h.dtype is not dtype or h.shape != shape:
        h = fit(h, shape, dtype)
    if type(h) is not Tensor:
        h = make(one_array(h, type(h)))
    return unshared(outward(h) if dtype.kind == "c" else h, taken)


def unshared(t: Tensor, taken: set[int]) -> Tensor:
    """``t`` in memory of its own: a rule may hand on what it was given, or a view.

    ``taken`` holds the ids of arrays that are others' already; that of ``t`` is added to it.
    """
    data = t.data
    if t.node is None and (id(data) in taken or data.base is not None):
        t = make(data.copy())
        if special:
            copied(data, t.data)
    taken.add(id(t.data))
    return t


def deposit(found: dict[Leaf, Any], started: Tensor) -> None:
    """Add what a sweep found to the leaves' ``.grad``; one thread at a time for each leaf."""
    taken = {id(started.data)}
    for leaf, h in found.items():
        g = finished(h, leaf.shape, leaf.dtype, taken)
        with leaf.lock:
            leaf.grad = g if leaf.grad is None else leaf.grad + g
            if special:
                bound(leaf, "grad", leaf.grad.data)
