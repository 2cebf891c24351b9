"""Functions of gpugrad in PyTorch, and functions of PyTorch in gpugrad, over the same memory.

Work is queued on the stream that the caller is using, whichever library it belongs to.
"""
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import optree

try:
    import torch
except ImportError as error:
    raise ImportError(
        "gpugrad.bridges.torch needs PyTorch, which is not installed; see https://pytorch.org/get-started"
    ) from error

from ..backend import cuda
from ..backend.arrays import is_array
from ..backend.transfer import from_dlpack
from ..core import Tensor, make
from ..transforms.flat import plain
from ..transforms.gradient import vjp
from .foreign import apart, differentiable, exportable, imported


def from_torch(f: Callable) -> Callable:
    """``f``, a function of pytrees of torch tensors, as a function of pytrees of gpugrad's Tensors and
    arrays.

    Numbers and other leaves are passed on as they are. Gradients reach the arguments, not the parameters
    that ``f`` closes over: pass these as arguments, say with ``torch.func.functional_call``. Derivatives in
    both modes, of whatever order PyTorch knows for ``f``; forward mode needs the second, by which it is
    computed.
    """

    @wraps(f)
    def on_our_stream(*args: Any) -> Any:
        tree: Any = args
        with _our_stream(optree.tree_leaves(tree)):
            return call(*args)

    call = imported(f, _Torch())
    return on_our_stream


def to_torch(f: Callable) -> Callable:
    """``f``, a function of pytrees of gpugrad's Tensors, as a differentiable function of pytrees of torch
    tensors.

    ``f`` gets Tensors; leaves that are no tensors are passed on as they are. Gradients reach the arguments,
    not Tensors that ``f`` closes over. With ``create_graph=True`` the gradient can be differentiated again.
    """

    @wraps(f)
    def call(*args: Any) -> Any:
        tree: Any = args
        leaves, spec = optree.tree_flatten(tree)
        places = [i for i, x in enumerate(leaves) if isinstance(x, torch.Tensor)]
        specs: list[Any] = []

        def flat(*xs: Any) -> list[Any]:
            filled = list(leaves)
            for i, x in zip(places, xs, strict=True):
                filled[i] = x
            results, out_spec = optree.tree_flatten(f(*optree.tree_unflatten(spec, filled)))
            specs.append(out_spec)
            return results

        outputs = _Call.apply(flat, *[leaves[i] for i in places])
        return optree.tree_unflatten(specs[0], outputs)

    return call


# ---- a gpugrad function as an autograd.Function ----


class _Call(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, flat: Callable, *tensors: Any) -> tuple:
        arrays = [_take(x) for x in tensors]
        wanted = [i for i, x in enumerate(tensors) if ctx.needs_input_grad[1 + i]]
        others: dict[int, Any] = {}

        def of_wanted(*xs: Any) -> list:
            filled = [make(a) for a in arrays]
            for i, x in zip(wanted, xs, strict=True):
                filled[i] = x
            results = flat(*filled)
            others.update((i, y) for i, y in enumerate(results) if not differentiable(y))
            return [y for y in results if differentiable(y)]

        with _their_stream(tensors):
            results, pull = vjp(of_wanted, *[arrays[i] for i in wanted])
            given = iter(results)
            n = len(results) + len(others)
            outputs = [_given(others[i] if i in others else next(given), arrays) for i in range(n)]
        ctx.mark_non_differentiable(*[outputs[i] for i in others if isinstance(outputs[i], torch.Tensor)])
        ctx.save_for_backward(*tensors)
        ctx.of_wanted, ctx.pull, ctx.wanted = of_wanted, pull, wanted
        ctx.results = [i for i in range(n) if i not in others]
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple:
        gs = [gradients[i] for i in ctx.results]
        tensors = ctx.saved_tensors
        if torch.is_grad_enabled():  # by create_graph
            n, of_wanted = len(ctx.wanted), ctx.of_wanted
            again = to_torch(lambda *given: vjp(of_wanted, *given[:n])[1](list(given[n:])))
            found = again(*[tensors[i] for i in ctx.wanted], *gs)
        else:
            with _their_stream(tensors):
                found = [_give(h) for h in plain(ctx.pull([_take(g) for g in gs]))]
        out: list[Any] = [None] * (1 + len(tensors))
        for i, h in zip(ctx.wanted, found, strict=True):
            out[1 + i] = h
        return tuple(out)


def _given(y: Any, arrays: Sequence[Any]) -> Any:
    """A result for PyTorch, which writes to tensors in place: in memory of its own."""
    array = y.data if type(y) is Tensor else y
    return _give(apart(array, arrays)) if is_array(array) else y


# ---- memory and streams ----


def _take(x: Any) -> Any:
    """The array over the memory of a torch tensor."""
    return from_dlpack(x.detach().resolve_conj().resolve_neg())


def _give(array: Any) -> Any:
    """A torch tensor over the memory of an array."""
    return torch.from_dlpack(exportable(array))


@contextmanager
def _their_stream(tensors: Sequence[Any]) -> Iterator[None]:
    """CuPy on PyTorch's current stream."""
    device = next((x.device for x in tensors if x.is_cuda), None)
    if device is None:
        yield
        return
    cupy = cuda.load()
    with cupy.cuda.Device(device.index):
        with cupy.cuda.ExternalStream(torch.cuda.current_stream(device).cuda_stream, device.index):
            yield


@contextmanager
def _our_stream(leaves: Sequence[Any]) -> Iterator[None]:
    """PyTorch on CuPy's current stream."""
    arrays = [getattr(x, "data", x) for x in leaves if not isinstance(x, (int, float, complex))]
    array = next((a for a in arrays if is_array(a) and hasattr(a, "device") and hasattr(a, "get")), None)
    if array is None:
        yield
        return
    stream = cuda.load().cuda.get_current_stream().ptr
    with torch.cuda.stream(torch.cuda.ExternalStream(stream, device=array.device.id)):
        yield


# ---- a torch function in gpugrad ----


class _Torch:
    """PyTorch, as ``foreign.Library``."""

    uphill = True

    def is_array(self, x: Any) -> bool:
        return isinstance(x, torch.Tensor)

    def give(self, array: Any) -> Any:
        return _give(array)

    def take(self, x: Any) -> Any:
        return _take(x)

    def run(self, f: Callable, xs: Sequence[Any]) -> Any:
        with torch.no_grad():
            return f(*xs)

    def vjp(self, f: Callable, xs: Sequence[Any]) -> tuple[Sequence[Any], Callable]:
        xs = _leaves(xs)
        with torch.enable_grad():
            ys = f(*xs)
        return ys, lambda gs: _grad(_floating(ys), xs, gs, create_graph=False)

    def pulled(self, f: Callable, xs: Sequence[Any], gs: Sequence[Any]) -> Sequence[Any]:
        again = torch.is_grad_enabled()
        with torch.enable_grad():
            # A backward pass marked once_differentiable says so only where the cotangents require grad.
            xs, gs = _leaves(xs), _leaves(gs) if again else gs
            return _grad(_floating(f(*xs)), xs, gs, create_graph=again)

    def pushed(self, f: Callable, xs: Sequence[Any], ts: Sequence[Any]) -> Sequence[Any]:
        """The pull is linear in the cotangents: its transpose is the push, whatever the cotangents are."""
        again = torch.is_grad_enabled()
        with torch.enable_grad():
            xs = _leaves(xs)
            ys = _floating(f(*xs))
            gs = [torch.zeros_like(y, requires_grad=True) for y in ys]
            return _grad(_grad(ys, xs, gs, create_graph=True), gs, ts, create_graph=again)


def _leaves(xs: Sequence[Any]) -> list[Any]:
    return [x if x.requires_grad else x.detach().requires_grad_() for x in xs]


def _floating(ys: Sequence[Any]) -> list[Any]:
    return [y for y in ys if isinstance(y, torch.Tensor) and (y.is_floating_point() or y.is_complex())]


def _grad(ys: Sequence[Any], xs: Sequence[Any], gs: Sequence[Any], create_graph: bool) -> Sequence[Any]:
    pairs = [(y, g) for y, g in zip(ys, gs, strict=True) if y.requires_grad]
    if not pairs:
        return [torch.zeros_like(x) for x in xs]
    ys, gs = zip(*pairs, strict=True)
    _require_derivative(ys)
    return torch.autograd.grad(
        ys, xs, gs, retain_graph=True, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )


def _require_derivative(ys: Sequence[Any]) -> None:
    """Raise where a once_differentiable gradient ends the graph, which PyTorch takes for a constant."""
    pending = {y.grad_fn for y in ys if y.grad_fn is not None}
    seen: set[Any] = set()
    while pending:
        step = pending.pop()
        if type(step).__name__ == "Error":
            raise RuntimeError(
                "the torch function has a backward pass marked once_differentiable, so there is no second "
                "derivative, nor a tangent, which is computed by it; differentiate it once, in reverse mode"
            )
        seen.add(step)
        pending |= {following for following, _ in step.next_functions if following is not None} - seen
