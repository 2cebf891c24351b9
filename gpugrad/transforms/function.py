"""Function: a forward and a backward pass of one's own, in PyTorch's form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from copy import copy
from functools import wraps
from typing import Any

from ..backend.arrays import is_array
from ..core import Tensor, is_grad_enabled, make
from ..core.batched import depth_of
from ..core.joint import blocked
from ..core.modes import special
from ..core.recorder import computed_from_arrays
from .below import Below, asked_from_below, at_depth, batch, examples, on_one_level, parts
from .by_user import BackwardRule, Call, closed_for, recorded_call
from .inputs import as_tensor
from .residuals import Residuals


class Context:
    """What ``forward`` leaves for ``backward``: saved tensors, and any attributes of one's own."""

    _saved: Sequence[Any] = ()
    _constant: tuple[Any, ...] = ()
    _materialize = True

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep arguments, results or other Tensors for ``backward``, which finds them in ``saved_tensors``.

        Arguments and results are connected to the graph there, so that ``backward`` can be differentiated.
        """
        for t in tensors:
            if t is not None and type(t) is not Tensor:
                raise TypeError(
                    f"save_for_backward takes Tensors and None, got {type(t).__name__}; keep other things as "
                    "attributes, ctx.name = value"
                )
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, in ``backward``."""
        return tuple(self._saved)

    def mark_non_differentiable(self, *results: Tensor) -> None:
        """Say that these results have no gradient."""
        self._constant = results

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` is given zeros (the default) or ``None`` for results without a cotangent."""
        self._materialize = value


class Function:
    """An operation with its own gradient: subclass it, and call ``apply``.

    The static methods are ``forward(ctx, *args)``, which returns a Tensor or a tuple of them, and
    ``backward(ctx, *cotangents)``, which returns a gradient or ``None`` for each argument of ``apply``.
    Tensors and arrays among the arguments are Tensors there; nothing that ``forward`` does is recorded, so it
    may use ``x.data``, the array, with any library. Without ``ctx`` in ``forward``, a static method
    ``setup_context(ctx, inputs, output)`` is called after it.

    Derivatives of every order and in both directions go through a ``backward`` made of gpugrad's operations
    on ``ctx.saved_tensors`` and the cotangents; mark one that is not with :func:`once_differentiable`.
    Complex gradients point uphill.

    Raises TypeError for a tensor that requires grad, is used, and is no argument.
    """

    setup_context: Callable | None = None
    _outside: Any = None  # the batch that a call beneath it is outside of

    @staticmethod
    def forward(*args: Any) -> Any:
        """The value."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Context, *cotangents: Any) -> Any:
        """The gradients of the arguments."""
        raise NotImplementedError

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call ``forward`` and record the call."""
        boxed = any(type(x) is Tensor for x in args)
        places = [k for k, x in enumerate(args) if type(x) is Tensor]
        tensors = on_one_level([args[k] for k in places], cls._outside)
        if asked_from_below(tensors):
            return cls._below(args, places, Below(tensors))
        ctx = Context(tuple(type(x) is Tensor and x.requires_grad for x in args))
        given = [make(x) if is_array(x) else x for x in args]
        for k, t in zip(places, tensors, strict=True):
            given[k] = make(t.data)
        with closed_for(cls.__name__, tensors) if is_grad_enabled() else nullcontext():
            value = cls._forward(ctx, given)
        results = [as_tensor(y) for y in (value if isinstance(value, (tuple, list)) else (value,))]
        if special:
            computed_from_arrays(results)
        if is_grad_enabled() and any(t.node is not None for t in tensors):
            results = cls._recorded(ctx, _Call(cls, ctx, places, tensors), tensors, given, results)
        if not boxed:
            results = [y.data for y in results]
        return tuple(results) if isinstance(value, (tuple, list)) else results[0]

    @classmethod
    def _forward(cls, ctx: Context, args: Sequence[Any]) -> Any:
        if cls.forward is Function.forward:
            raise NotImplementedError(f"{cls.__name__} needs a static method forward(ctx, *args)")
        if cls.setup_context is None:
            return cls.forward(ctx, *args)
        value = cls.forward(*args)
        cls.setup_context(ctx, tuple(args), value)
        return value

    @classmethod
    def _recorded(
        cls, ctx: Context, saved: _Call, tensors: list[Tensor], given: Sequence[Any], results: list[Tensor]
    ) -> list[Tensor]:
        saved.returns(results)
        constants = [x for k, x in enumerate(given) if type(x) is Tensor and k not in saved.places]
        saved.residuals = Residuals(ctx._saved, [given[k] for k in saved.places], results, constants)
        constant = {id(y) for y in ctx._constant}
        ctx._saved = ctx._constant = ()
        out = recorded_call(_RULE, saved, tensors, results, saved.residuals.arrays)
        return [make(y.data) if id(r) in constant else y for r, y in zip(results, out, strict=True)]

    @classmethod
    def _below(cls, args: tuple, places: list[int], operands: Below) -> Any:
        """The call beneath the batch of its operands: on arrays with one more axis, its rule batched."""
        single = False

        class Whole(Function):
            _outside = operands.level

            @staticmethod
            def forward(ctx: Any, *values: Tensor) -> tuple:
                nonlocal single
                given = [make(x) if is_array(x) else x for x in args]
                needs = [False] * len(args)
                for k, need in zip(places, ctx.needs_input_grad, strict=True):
                    needs[k] = need
                ctx.inner = Context(tuple(needs))
                with operands.batched() as level:
                    for k, t in zip(places, operands.operands(values, level), strict=True):
                        given[k] = t
                    value = cls._forward(ctx.inner, given)
                    single = not isinstance(value, (tuple, list))
                    leaves = [value] if single else value
                    results = [examples(y, level) for y in leaves]
                    known = {id(t): whole for t, whole in zip(leaves, results, strict=True)}
                    known |= {id(given[k]): v for k, v in zip(places, values, strict=True)}
                    saved = ctx.inner._saved
                    split = [(None, None) if t is None else parts(t, level) for t in saved]
                ctx.mapped = [mapped for _, mapped in split]
                ctx.save_for_backward(*[known.get(id(t), v) for t, (v, _) in zip(saved, split, strict=True)])
                ctx.mark_non_differentiable(*[known[id(y)] for y in ctx.inner._constant])
                ctx.set_materialize_grads(ctx.inner._materialize)
                ctx.inner._saved = ctx.inner._constant = ()
                return tuple(results)

            @staticmethod
            def backward(ctx: Any, *cotangents: Any) -> tuple:
                with operands.batched() as level:
                    inner = copy(ctx.inner)
                    inner._saved = [
                        None if m is None else batch(t, m, level)
                        for t, m in zip(ctx.saved_tensors, ctx.mapped, strict=True)
                    ]
                    g = [None if c is None else batch(c, True, level) for c in cotangents]
                    found = answered(cls, inner, g, places)
                    return tuple(operands.cotangent(h, i, level) for i, h in enumerate(found))

        Whole.__name__ = cls.__name__
        if getattr(cls.backward, "once_differentiable", False):
            Whole.backward = staticmethod(once_differentiable(Whole.backward))  # type: ignore[method-assign]
        results = tuple(batch(y, True, operands.level) for y in Whole.apply(*operands.values))
        return results[0] if single else results


def answered(function: type[Function], ctx: Context, cotangents: Sequence[Any], places: list[int]) -> list:
    """What ``backward`` gives for the Tensors among the arguments, at ``places``."""
    if function.backward is Function.backward:
        raise NotImplementedError(f"{function.__name__} needs a static method backward(ctx, *cotangents)")
    answer = function.backward(ctx, *cotangents)
    answer = answer if isinstance(answer, (tuple, list)) else (answer,)
    expected = len(ctx.needs_input_grad)
    if len(answer) < expected or any(h is not None for h in answer[expected:]):
        raise TypeError(
            f"backward of {function.__name__} has to return a gradient, or None, for each of the {expected} "
            f"arguments of apply; got {len(answer)}"
        )
    gradients = [answer[k] for k in places]
    if special:
        computed_from_arrays([as_tensor(h) for h in gradients if h is not None])
    return gradients


def once_differentiable(backward: Callable) -> Callable:
    """Mark a ``backward`` that is not made of gpugrad's operations: derivatives of it raise RuntimeError."""

    @wraps(backward)
    def once(ctx: Context, *cotangents: Any) -> Any:
        return backward(ctx, *cotangents)

    once.once_differentiable = True  # type: ignore[attr-defined]
    return once


class _Call(Call):
    """One call of a Function."""

    residuals: Residuals

    def __init__(
        self, function: type[Function], ctx: Context, places: list[int], tensors: list[Tensor]
    ) -> None:
        super().__init__(function.__name__, tensors)
        self.depth = max(map(depth_of, (t.data for t in tensors)))
        self.function, self.ctx, self.places, self.materialize = function, ctx, places, ctx._materialize

    def gradients(self, cotangents: list[Any], arrays: tuple, node: Any) -> list[Any]:
        if getattr(self.function.backward, "once_differentiable", False):
            return self._once(cotangents, arrays, node)
        if node is not None and self.residuals.intermediate:
            raise RuntimeError(
                f"{self.name} saved a tensor for backward that is neither an argument nor a result, so that "
                "second derivatives would miss how it depends on the arguments; compute it in backward, "
                "return it as a further result, or keep what is constant as an attribute of ctx"
            )
        return self._backward(cotangents, arrays, node)

    def _backward(self, cotangents: list[Any], arrays: tuple, node: Any) -> list[Any]:
        ctx = copy(self.ctx)  # of this sweep's own: it holds what is connected to the graph
        ctx._saved = self.residuals.connected(arrays, node)
        return answered(self.function, ctx, cotangents, self.places)

    def _once(self, cotangents: list[Any], arrays: tuple, node: Any) -> list[Any]:
        found = self._backward([g if g is None else make(g.data) for g in cotangents], arrays, None)
        why = (
            f"the backward of {self.name} is once_differentiable: there are no second derivatives and no "
            "forward mode; write it in gpugrad's operations and take the mark away"
        )
        directions = [g.node for g in cotangents if g is not None and g.node is not None]

        def shut(t: Tensor) -> Tensor:
            return blocked(t, [node], why) if node is not None else t

        found = [h if h is None else at_depth(as_tensor(h), self.depth, shut) for h in found]
        return [blocked(h, directions, why) if h is not None and directions else h for h in found]


_RULE = BackwardRule("Function")
