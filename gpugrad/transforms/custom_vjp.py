"""custom_vjp: a composed function with a backward rule of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import optree

from ..core import Tensor, make
from ..core.modes import recorded
from .below import Below, asked_from_below, batch, examples, on_one_level, parts
from .by_user import BackwardRule, Call, closed_for, recorded_call
from .inputs import as_tensor, name_of
from .operands import Operands, connected, recording, tensors_of
from .residuals import Residuals
from .signature import Split, by_position


class custom_vjp:
    """``f`` with its gradient given by ``f.defvjp(fwd, bwd)``. A decorator, as in JAX.

    fwd: takes the arguments of ``f``, returns ``(value, residuals)``, the latter any pytree.
    bwd: takes the residuals and the cotangent, of the structure of the value; returns a tuple with the
        gradient of every argument, in its structure, or ``None`` for zero.
    nondiff_argnums: arguments that are not differentiated, functions say; ``bwd`` is given them first.

    ``fwd`` and ``bwd`` get Tensors wherever a gradient may flow. Complex gradients point uphill, as those of
    :func:`gpugrad.vjp`. If both are made of gpugrad's operations, derivatives of every order and in both
    directions go through them; residuals that are neither arguments nor results are then computed again.

    Raises TypeError if ``f`` uses a tensor that requires grad and is no argument, ValueError for gradients of
    another shape.
    """

    def __init__(self, f: Callable, nondiff_argnums: int | Sequence[int] = ()) -> None:
        update_wrapper(self, f)
        self.f, self.split = f, Split(f, nondiff_argnums)
        self.outside: Any = None  # the batch that a call beneath it is outside of
        self.fwd: Callable | None = None
        self.bwd: Callable | None = None

    def defvjp(self, fwd: Callable, bwd: Callable) -> None:
        """Give the rule."""
        self.fwd, self.bwd = fwd, bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = by_position(self.f, args, kwargs)
        fixed, differentiable = self.split.apart(args)
        tensors = on_one_level(tensors_of(differentiable), self.outside)
        from_below = asked_from_below(tensors)
        if not from_below and not recording(tensors):
            return self.f(*args)
        if self.fwd is None or self.bwd is None:
            raise TypeError(
                f"{name_of(self.f)} is a custom_vjp without a rule; give it one, "
                f"{name_of(self.f)}.defvjp(fwd, bwd), or call it under no_grad()"
            )
        saved = _Call(self, fixed, Operands(differentiable), tensors)
        if from_below:
            return saved.below(Below(tensors))
        detached = [make(t.data) for t in tensors]
        with closed_for(saved.name, tensors):
            value, residuals = saved.forward(detached)
        leaves, spec = optree.tree_flatten(value)
        results = [as_tensor(y) for y in leaves]
        arrays = saved.keep(residuals, spec, detached, results)
        return optree.tree_unflatten(spec, recorded_call(_RULE, saved, tensors, results, arrays))


class _Call(Call):
    """One call of a custom_vjp."""

    spec: Any
    residual_spec: Any
    residuals: Residuals
    mapped: list[Any]  # of the residuals' leaves, in a call beneath a batch

    def __init__(self, own: custom_vjp, fixed: tuple, arguments: Operands, tensors: list[Tensor]) -> None:
        super().__init__(name_of(own.f), tensors)
        self.own, self.fixed, self.arguments = own, fixed, arguments

    def forward(self, tensors: list[Tensor]) -> tuple[Any, Any]:
        """``fwd`` of these Tensors and the constant arguments."""
        out = self.own.fwd(*self.own.split.together(self.fixed, self.arguments.filled(tensors)))  # type: ignore
        if not isinstance(out, tuple) or len(out) != 2:
            raise TypeError(f"fwd of {self.name} has to return (value, residuals), got {type(out).__name__}")
        return out

    def keep(self, residuals: Any, spec: Any, tensors: list[Tensor], results: list[Tensor]) -> tuple:
        """The arrays to keep: of the residuals, and of the operands if ``fwd`` may have to run again."""
        self.returns(results)
        self.spec = spec
        leaves, self.residual_spec = optree.tree_flatten(residuals)
        self.residuals = Residuals(leaves, tensors, results)
        again = tuple(t.data for t in tensors) if self.residuals.intermediate else ()
        return self.residuals.arrays, again

    def gradients(self, cotangents: list[Any], arrays: tuple, node: Any) -> list[Any]:
        kept, operands = arrays
        leaves = self.residuals.connected(kept, node)
        if node is not None and self.residuals.intermediate:
            with recorded():
                _, again = self.forward(connected(operands, node))
            anew = optree.tree_leaves(again)
            for k in self.residuals.intermediate:
                leaves[k] = anew[k]
        residuals = optree.tree_unflatten(self.residual_spec, leaves)
        answer = self.own.bwd(*self.fixed, residuals, optree.tree_unflatten(self.spec, cotangents))  # type: ignore
        return self._leaves(answer)

    def below(self, operands: Below) -> Any:
        """The call beneath the batch of its operands: on arrays with one more axis, its rule batched."""

        def value(result: Any, level: Any) -> list[Tensor]:
            leaves, self.spec = optree.tree_flatten(result)
            return [examples(y, level) for y in leaves]

        def f(*values: Tensor) -> Any:
            with operands.batched() as level:
                args = self.arguments.filled(operands.operands(values, level))
                return value(self.own.f(*self.own.split.together(self.fixed, args)), level)

        def fwd(*values: Tensor) -> Any:
            with operands.batched() as level:
                given = operands.operands(values, level)
                result, residuals = self.forward(given)
                results = value(result, level)
                # What is saved of operands and results stays the same Tensor, which tells where it came from.
                known = {id(t): whole for t, whole in zip(optree.tree_leaves(result), results, strict=True)}
                known |= {id(t): v for t, v in zip(given, values, strict=True)}
                leaves, self.residual_spec = optree.tree_flatten(residuals)
                split = [parts(x, level) if type(x) is Tensor else (x, None) for x in leaves]
                self.mapped = [mapped for _, mapped in split]
                return results, [known.get(id(x), v) for x, (v, _) in zip(leaves, split, strict=True)]

        def bwd(kept: list[Any], cotangents: list[Tensor]) -> tuple:
            with operands.batched() as level:
                leaves = [
                    x if m is None else batch(x, m, level) for x, m in zip(kept, self.mapped, strict=True)
                ]
                residuals = optree.tree_unflatten(self.residual_spec, leaves)
                g = optree.tree_unflatten(self.spec, [batch(c, True, level) for c in cotangents])
                found = self._leaves(self.own.bwd(*self.fixed, residuals, g))  # type: ignore
                return tuple(operands.cotangent(h, i, level) for i, h in enumerate(found))

        whole = custom_vjp(f)
        whole.outside = operands.level
        whole.__name__ = self.name  # type: ignore[attr-defined]
        whole.defvjp(fwd, bwd)
        results = [batch(y, True, operands.level) for y in whole(*operands.values)]
        return optree.tree_unflatten(self.spec, results)

    def _leaves(self, answer: Any) -> list[Any]:
        """The gradients of the Tensors among the arguments."""
        arguments = self.arguments.spec.children()
        if not isinstance(answer, (tuple, list)) or len(answer) != len(arguments):
            got = f"{len(answer)} of them" if isinstance(answer, (tuple, list)) else type(answer).__name__
            raise TypeError(
                f"bwd of {self.name} has to return a tuple with a gradient for each of the "
                f"{len(arguments)} arguments, or None; got {got}"
            )
        leaves: list[Any] = []
        for i, (gradient, spec) in enumerate(zip(answer, arguments, strict=True)):
            found, own = optree.tree_flatten(gradient, none_is_leaf=True)
            if gradient is None:
                found = [None] * spec.num_leaves
            elif own != spec:
                raise ValueError(
                    f"bwd of {self.name} gave a gradient of structure {own} for argument {i}, which has "
                    f"{spec}"
                )
            leaves += found
        return [leaves[k] for k in self.arguments.places]


_RULE = BackwardRule("custom_vjp")
