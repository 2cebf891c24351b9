"""Module: something with parameters, found by looking at its attributes."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..backend import asarray
from ..core import Tensor
from .state import State, check_state, to_host


class Module:
    """Base of layers and models: assign Tensors and Modules to attributes and write ``forward``.

    A Tensor that requires grad is a parameter; every Tensor, trained or not, is part of the state. Lists
    and tuples of Modules are searched too. A Tensor that stands in two places counts once, under the name
    met first.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The value of the module at ``x``."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Parameters with their names, such as ``layers.0.weight``, in the order of assignment."""
        return ((name, t) for name, t in self._named_tensors() if t.requires_grad)

    def parameters(self) -> list[Tensor]:
        """Every parameter once."""
        return [t for _, t in self.named_parameters()]

    def state_dict(self) -> State:
        """Every Tensor as a NumPy array of its own, by name."""
        return {name: to_host(t.data) for name, t in self._named_tensors()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the values of a ``state_dict``; a ValueError changes nothing."""
        tensors = dict(self._named_tensors())
        check_state(tensors, state, type(self).__name__)
        for name, t in tensors.items():
            t.assign_(asarray(state[name], dtype=t.dtype, device=t.device))

    def _named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        seen: set[int] = set()
        for name, t in _walk("", vars(self)):
            if id(t) not in seen:
                seen.add(id(t))
                yield name, t


def _walk(prefix: str, attributes: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    for name, value in attributes.items():
        if isinstance(value, Tensor):
            yield prefix + name, value
        elif isinstance(value, Module):
            yield from _walk(f"{prefix}{name}.", vars(value))
        elif isinstance(value, list | tuple):
            yield from _walk(f"{prefix}{name}.", {str(i): item for i, item in enumerate(value)})
