"""What happens when a primitive is called.

One, two and three operands have call paths of their own, flat and free of loops, because round a NumPy call
on a small array the Python costs more than the call. ``apply`` is the general path: it does what the
flat ones leave out (arrays among the operands, parameters of two or more, every mode but plain recording).

``primitive.fast`` describes reads for the flat paths: for one operand a string or, with parameters, a
function of (operand, result, parameters); for more a number for each (0: nothing, 1: a, 2: b, ..., last: y).
``None`` sends the call to ``apply``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend.arrays import is_array
from ..backend.dispatch import as_operands, one_array
from .anomaly import check_result, remember
from .batched import Batched
from .batching import settle
from .modes import special, state
from .node import Binary, FittedBinary, FittedUnary, Node, Unary, next_key
from .recorder import called
from .tensor import Tensor

NOTHING, OPERAND, VALUE, CONSTANT = "nothing", "operand", "value", "constant"
"""What a flat call of one operand keeps; ``CONSTANT``: its derivative is zero, so there is no node."""


def unary(p: Any) -> Callable:
    """The call path of a primitive with one operand and no parameters."""
    implementations = p.implementations

    def call(x):
        keep = p.fast
        if type(x) is Tensor and keep is not None and not special:
            data = x.data
            y = implementations[type(data)](data)
            if type(y) is not type(data):
                y = one_array(y, type(data))
            out = Tensor()
            out.data = y
            parent = x.node
            if parent is None or keep is CONSTANT:
                out.node = None
                return out
            node: Any
            if y.dtype is data.dtype:
                node = Unary()
            else:  # as where complex numbers come of real ones
                node = FittedUnary()
                node.fits = ((data.shape, data.dtype), (y.shape, y.dtype))
            out.node = node
            node.key = next_key()
            node.primitive = p
            node.parent = parent
            node.kept = y if keep is VALUE else data if keep is OPERAND else None
            return out
        f = implementations.get(type(x))
        return f(x) if f else apply(p, (x,), {})

    return call


def unary_with_parameters(p: Any) -> Callable:
    """The call path of a primitive with one operand and parameters."""
    implementations, defaults = p.implementations, p.defaults

    def call(x, /, **params):
        if defaults:
            params = {**defaults, **params}
        keep = p.fast
        if type(x) is Tensor and keep is not None and not special:
            data = x.data
            y = implementations[type(data)](data, **params)
            if type(y) is not type(data):
                y = one_array(y, type(data))
            out = Tensor()
            out.data = y
            parent = x.node
            if parent is None or keep is CONSTANT:
                out.node = None
                return out
            node: Any
            if p.exact and y.dtype is data.dtype:
                node = Unary()
            else:
                node = FittedUnary()
                node.fits = ((data.shape, data.dtype), (y.shape, y.dtype))
            out.node = node
            node.key = next_key()
            node.primitive = p
            node.parent = parent
            node.kept = keep(data, y, params)
            return out
        f = implementations.get(type(x))
        return f(x, **params) if f else apply(p, (x,), params)

    return call


def binary(p: Any) -> Callable:
    """The call path of a primitive with two operands and no parameters."""
    implementations = p.implementations

    def call(a: Any, b: Any) -> Any:
        reads = p.fast
        if type(a) is Tensor and type(b) is Tensor and reads is not None and not special:
            x = a.data
            z = b.data
            array_type = type(x)
            if type(z) is array_type:
                y = implementations[array_type](x, z)
                if type(y) is not array_type:
                    y = one_array(y, array_type)
                out = Tensor()
                out.data = y
                left = a.node
                right = b.node
                if left is None and right is None:
                    out.node = None
                    return out
                if x.dtype is z.dtype and (x.shape == z.shape or (p.exact and p.exact(x, z))):
                    out.node = node = Binary()
                else:
                    out.node = node = FittedBinary()
                    node.fits = ((x.shape, x.dtype), (z.shape, z.dtype), (y.shape, y.dtype))
                node.key = next_key()
                node.primitive = p
                node.left = left
                node.right = right
                i, j = reads
                node.kept = None if not i or left is None else z if i == 2 else x if i == 1 else y
                node.kept_right = None if not j or right is None else x if j == 1 else z if j == 2 else y
                return out
        f = implementations.get(type(a))
        if f and type(b) is type(a):  # bare arrays, as in the rules of a first derivative
            return f(a, b)
        if reads is not None and not special:
            if type(a) is Tensor and (type(b) is float or type(b) is int):
                return _beside_number(p, a, 0, a.data, b)
            if type(b) is Tensor and (type(a) is float or type(a) is int):
                return _beside_number(p, b, 1, a, b.data)
        return apply(p, (a, b), {})

    return call


def _beside_number(p: Any, t: Tensor, place: int, x: Any, z: Any) -> Tensor:
    """The flat path of ``p(x, z)`` where one is a Python number and the other the data of ``t``."""
    y = p.implementations[type(t.data)](x, z)
    if type(y) is not type(t.data):
        y = one_array(y, type(t.data))
    if t.data.dtype.char == "E" and y.dtype.char == "f":
        y = y.astype(t.data.dtype)  # bfloat16, which ml_dtypes and CuPy let a Python float widen
    out = Tensor()
    out.data = y
    if t.node is None:
        out.node = None
        return out
    if t.data.dtype is y.dtype:
        out.node = node = Binary()
    else:
        out.node = node = FittedBinary()
        node.fits = fits_of((x, z), y)
    node.key = next_key()
    node.primitive = p
    kept = (None, x, z, y)[p.fast[place]]
    if place:
        node.left, node.right, node.kept, node.kept_right = None, t.node, None, kept
    else:
        node.left, node.right, node.kept, node.kept_right = t.node, None, kept, None
    return out


def ternary(p: Any) -> Callable:
    """The call path of a primitive with three operands and no parameters."""
    implementations = p.implementations

    def call(a: Any, b: Any, c: Any) -> Any:
        reads = p.fast
        if type(a) is type(b) is type(c) is Tensor and reads is not None and not special:
            arrays = (a.data, b.data, c.data)
            array_type = type(arrays[0])
            if type(arrays[1]) is array_type and type(arrays[2]) is array_type:
                y = implementations[array_type](*arrays)
                if type(y) is not array_type:
                    y = one_array(y, array_type)
                out = Tensor()
                out.data = y
                left, middle, right = parents = (a.node, b.node, c.node)
                if left is None and middle is None and right is None:
                    out.node = None
                    return out
                out.node = node = Node()
                node.key = next_key()
                node.primitive = p
                node.parents = parents
                i, j, k = reads
                held = (None, *arrays, y)
                node.kept = (
                    None if left is None else held[i],
                    None if middle is None else held[j],
                    None if right is None else held[k],
                )
                node.fits = None if p.exact and p.exact(*arrays) else fits_of(arrays, y)
                return out
        f = implementations.get(type(a))
        if f and type(b) is type(a) and type(c) is type(a):
            return f(a, b, c)
        return apply(p, (a, b, c), {})

    return call


def general(p: Any) -> Callable:
    """The call path of every other primitive."""
    implementations, defaults = p.implementations, p.defaults

    def call(*operands, **params):
        if defaults:
            params = {**defaults, **params}
        types = {type(x) for x in operands}
        f = implementations.get(types.pop()) if len(types) == 1 else None
        return f(*operands, **params) if f else apply(p, operands, params)

    return call


def apply(p: Any, operands: tuple, params: dict[str, Any]) -> Any:
    """Call ``p`` on operands of any kind and record the call if a gradient may be asked of it.

    Tensors in, a Tensor out; only arrays and numbers in, an array out. Raises ValueError if the operands
    are on different devices.
    """
    arrays, nodes = [], []
    array_type: Any = None
    traced, alike = False, True  # whether there is a Tensor, and nothing but arrays of one type
    for x in operands:
        if type(x) is Tensor:
            traced = True
            nodes.append(x.node)
            x = x.data
        else:
            nodes.append(None)
        arrays.append(x)
        if array_type is None:
            array_type = type(x)
        elif type(x) is not array_type:
            alike = False
    if not alike or array_type not in p.implementations:
        array_type = settle(operands, arrays, nodes)
        if array_type is None:
            arrays, array_type = as_operands(arrays, p.name)
    y = p.implementations[array_type](*arrays, **params)
    if not traced:
        return y
    if type(y) is not array_type:
        y = one_array(y, array_type)
    if special and state.anomaly:
        check_result(p, arrays, y)
    out = Tensor()
    out.data = y
    out.node = None
    if p.differentiable and any(nodes) and state.recording:
        out.node = record(p, nodes, arrays, y, params)
    if special and state.recorders and not isinstance(y, Batched):
        called(p, arrays, nodes, params, y, out.node)
    return out


def record(p: Any, nodes: list, arrays: list, y: Any, params: dict[str, Any]) -> Node | Unary | None:
    """The node of one call, or ``None`` if no operand that needs a gradient has a rule."""
    if state.recording is not True:
        state.recording(p.name)
    if p.reads is None:
        raise TypeError(
            f"{p.name} has no derivative rule; give it one (gpugrad.elementwise, linear, multilinear or "
            "by_hand), mark it with gpugrad.nondifferentiable, or call it under no_grad()"
        )
    reads = p.reads
    parents = tuple([None if reads[i] is None else n for i, n in enumerate(nodes)])
    if not any(parents):
        return None
    node: Any
    if len(parents) == 1 and p.exact and y.dtype is arrays[0].dtype:
        node = Unary()
        node.parent = parents[0]
        node.kept = p.keep(0, arrays, y, params)
    else:
        node = Node()
        node.parents = parents
        node.kept = tuple([n if n is None else p.keep(i, arrays, y, params) for i, n in enumerate(parents)])
        node.fits = fits_of(arrays, y)
    node.key = next_key()
    node.primitive = p
    if special:
        remember(node)
    return node


def fits_of(arrays: Any, y: Any) -> tuple:
    """``(shape, dtype)`` of every operand and of the result; ``None`` for a number."""
    fits = [(x.shape, x.dtype) if is_array(x) else None for x in arrays]
    fits.append((y.shape, y.dtype))
    return tuple(fits)
