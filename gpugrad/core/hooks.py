"""Hooks: functions called with the gradient of a tensor while the reverse sweep passes its node."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

hooked: dict[int, list[Callable]] = {}
"""Hooks by node key. Empty unless somebody registered one, which is all that the sweep asks."""


class HookHandle:
    """What ``register_hook`` returns; ``remove()`` takes the hook away."""

    def __init__(self, node: Any, hook: Callable) -> None:
        self._key, self._hook = node.key, hook
        if node.key not in hooked:
            hooked[node.key] = []
            weakref.finalize(node, hooked.pop, node.key, None)
        hooked[node.key].append(hook)

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        hooks = hooked.get(self._key, [])
        if self._hook in hooks:
            hooks.remove(self._hook)
            if not hooks:
                del hooked[self._key]


def run_hooks(node: Any, g: Any) -> Any:
    """``g`` after the hooks of ``node``, in the order in which they were registered."""
    for hook in tuple(hooked.get(node.key, ())):
        g = hook(g)
    return g
