"""The optimisers, with PyTorch's names and defaults; the arithmetic is in ``updates``."""

from collections.abc import Iterable
from typing import Any

from ..core import Tensor
from . import updates
from .optimizer import Optimizer, fraction, not_negative


class SGD(Optimizer):
    """Gradient descent, with momentum where asked for: ``m = momentum m + g``, ``p -= lr m``.

    nesterov: step by ``g + momentum m`` instead. weight_decay: added to the gradient as ``weight_decay p``.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        if nesterov and momentum <= 0:
            raise ValueError("nesterov=True needs a momentum above 0")
        self.momentum, self.nesterov = fraction("momentum", momentum), nesterov
        self.weight_decay = not_negative("weight_decay", weight_decay)
        self.slots = ("m",) if momentum else ()
        super().__init__(parameters, lr=lr)

    def update(self, p: Any, g: Any, *kept: Any, step: int) -> None:
        if kept:
            updates.momentum(
                p,
                g,
                *kept,
                lr=self.lr,
                momentum=self.momentum,
                weight_decay=self.weight_decay,
                nesterov=self.nesterov,
            )
        else:
            updates.sgd(p, g, lr=self.lr, weight_decay=self.weight_decay)


class RMSProp(Optimizer):
    """Steps divided by the root of a running mean of squared gradients: ``v = alpha v + (1 - alpha) g g``."""

    slots = ("v",)

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-2,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.alpha, self.eps = fraction("alpha", alpha), not_negative("eps", eps)
        self.weight_decay = not_negative("weight_decay", weight_decay)
        super().__init__(parameters, lr=lr)

    def update(self, p: Any, g: Any, *kept: Any, step: int) -> None:
        updates.rmsprop(
            p, g, *kept, lr=self.lr, alpha=self.alpha, eps=self.eps, weight_decay=self.weight_decay
        )


class Adam(Optimizer):
    """Kingma and Ba 2015, with bias correction; ``weight_decay`` is added to the gradient."""

    slots = ("m", "v")
    rule = staticmethod(updates.adam)

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.betas = fraction("beta1", betas[0]), fraction("beta2", betas[1])
        self.eps, self.weight_decay = not_negative("eps", eps), not_negative("weight_decay", weight_decay)
        super().__init__(parameters, lr=lr)

    def update(self, p: Any, g: Any, *kept: Any, step: int) -> None:
        beta1, beta2 = self.betas
        self.rule(
            p,
            g,
            *kept,
            lr=self.lr,
            beta1=beta1,
            beta2=beta2,
            eps=self.eps,
            weight_decay=self.weight_decay,
            step=step,
        )


class AdamW(Adam):
    """Adam whose weight decay is no part of the gradient: ``p -= lr decay p`` (Loshchilov, Hutter 2019)."""

    rule = staticmethod(updates.adamw)

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)
