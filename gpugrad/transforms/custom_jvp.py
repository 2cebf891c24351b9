"""custom_jvp: a composed function with a forward rule of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce, update_wrapper
from typing import Any

import optree

from ..backend.arrays import is_array, namespace
from ..core import Tensor, make
from .below import Below, asked_from_below, batch, examples, on_one_level
from .by_user import Call, ForwardRule, closed_for, recorded_call
from .inputs import as_tensor, name_of
from .operands import Operands, connected, recording, tensors_of
from .signature import Split, by_position


class custom_jvp:
    """``f`` with its derivative given by ``f.defjvp(rule)`` or ``f.defjvps(...)``. A decorator, as in JAX.

    rule: takes the tuples of primals and tangents, returns ``(value, tangent)``, the latter linear in the
        tangents and of the structure of the value. It is called when a derivative is asked for.
    nondiff_argnums: arguments that are not differentiated; the rule is given them first.

    The rule gets Tensors wherever a gradient may flow. If it is made of gpugrad's operations, reverse mode
    transposes it, and derivatives of every order go through it.

    Raises TypeError if ``f`` uses a tensor that requires grad and is no argument, ValueError for tangents of
    another shape.
    """

    def __init__(self, f: Callable, nondiff_argnums: int | Sequence[int] = ()) -> None:
        update_wrapper(self, f)
        self.f, self.split = f, Split(f, nondiff_argnums)
        self.outside: Any = None  # the batch that a call beneath it is outside of
        self.rule: Callable | None = None

    def defjvp(self, rule: Callable) -> Callable:
        """Give the rule, which is returned: also a decorator."""
        self.rule = rule
        return rule

    def defjvps(self, *rules: Callable | None) -> None:
        """Give a rule for each argument, ``rule(tangent, value, *primals)``; ``None`` for derivative zero."""

        def rule(*args: Any) -> tuple[Any, Any]:
            *fixed, primals, tangents = args
            value = self.f(*self.split.together(tuple(fixed), primals))
            terms = [
                r(t, value, *fixed, *primals) for r, t in zip(rules, tangents, strict=True) if r is not None
            ]
            if not terms:
                return value, optree.tree_map(lambda y: y * 0, value)
            return value, reduce(lambda a, b: optree.tree_map(lambda x, y: x + y, a, b), terms)

        self.rule = rule

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = by_position(self.f, args, kwargs)
        fixed, differentiable = self.split.apart(args)
        tensors = on_one_level(tensors_of(differentiable), self.outside)
        from_below = asked_from_below(tensors)
        if not from_below and not recording(tensors):
            return self.f(*args)
        if self.rule is None:
            raise TypeError(
                f"{name_of(self.f)} is a custom_jvp without a rule; give it one, "
                f"{name_of(self.f)}.defjvp(rule), or call it under no_grad()"
            )
        saved = _Call(self, fixed, Operands(differentiable), tensors)
        if from_below:
            return saved.below(Below(tensors))
        with closed_for(saved.name, tensors):
            value = saved.value([make(t.data) for t in tensors])
        leaves, saved.spec = optree.tree_flatten(value)
        results = [as_tensor(y) for y in leaves]
        saved.returns(results)
        arrays = tuple(t.data for t in tensors)
        return optree.tree_unflatten(saved.spec, recorded_call(_RULE, saved, tensors, results, arrays))


class _Call(Call):
    """One call of a custom_jvp."""

    spec: Any

    def __init__(self, own: custom_jvp, fixed: tuple, arguments: Operands, tensors: list[Tensor]) -> None:
        super().__init__(name_of(own.f), tensors)
        self.own, self.fixed, self.arguments = own, fixed, arguments

    def value(self, tensors: Sequence[Tensor]) -> Any:
        """The function itself."""
        return self.own.f(*self.own.split.together(self.fixed, self.arguments.filled(tensors)))

    def tangents(self, tangents: list[Tensor], arrays: tuple, node: Any) -> list[Any]:
        return self._rule(connected(arrays, node), tangents)[1]

    def _rule(self, primals: Sequence[Tensor], tangents: Sequence[Tensor]) -> tuple[list, list]:
        """The leaves of value and tangent."""
        directions = optree.tree_map(
            lambda x: x if type(x) is Tensor else _zero(x), self.arguments.filled(tangents), none_is_leaf=True
        )
        out = self.own.rule(*self.fixed, self.arguments.filled(primals), directions)  # type: ignore
        if not isinstance(out, tuple) or len(out) != 2:
            raise TypeError(
                f"the forward rule of {self.name} has to return (value, tangent), got {type(out).__name__}"
            )
        leaves, spec = optree.tree_flatten(out[1])
        if spec != self.spec:
            raise ValueError(
                f"the forward rule of {self.name} gave a tangent of structure {spec}, its value "
                f"has {self.spec}"
            )
        return optree.tree_leaves(out[0]), leaves

    def below(self, operands: Below) -> Any:
        """The call beneath the batch of its operands: on arrays with one more axis, its rule batched."""

        def f(*values: Tensor) -> list[Tensor]:
            with operands.batched() as level:
                leaves, self.spec = optree.tree_flatten(self.value(operands.operands(values, level)))
                return [examples(y, level) for y in leaves]

        def rule(primals: tuple, tangents: tuple) -> tuple[list, list]:
            with operands.batched() as level:
                found = self._rule(operands.operands(primals, level), operands.operands(tangents, level))
                value, tangent = ([examples(y, level) for y in leaves] for leaves in found)
                return value, tangent

        whole = custom_jvp(f)
        whole.outside = operands.level
        whole.__name__ = self.name  # type: ignore[attr-defined]
        whole.defjvp(rule)
        results = [batch(y, True, operands.level) for y in whole(*operands.values)]
        return optree.tree_unflatten(self.spec, results)


def _zero(constant: Any) -> Any:
    """The tangent of an argument that is no Tensor."""
    return namespace(constant).zeros_like(constant) if is_array(constant) else 0.0


_RULE = ForwardRule("custom_jvp")
