"""A classifier in training: everything that changes from epoch to epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .. import nn, no_grad, optim, softmax_cross_entropy, tensor
from ..backend import Device
from ..core import Tensor
from ..data import Dataset, batches
from .arguments import UserError
from .settings import Settings

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": optim.SGD,
    "momentum": lambda parameters, lr: optim.SGD(parameters, lr, momentum=0.9),
    "rmsprop": optim.RMSProp,
    "adam": optim.Adam,
}
# The share of a label's probability that is spread over all classes (Szegedy et al. 2016). On the training
# digits, in five-fold cross-validation (adam at 0.002, two seeds), it takes the accuracy from 0.984 to 0.991.
SMOOTHING = 0.1
EVALUATED_AT_ONCE = 4096


@dataclass(frozen=True)
class Scores:
    """Mean loss (labels not smoothed), share of right answers, and the answers with their probability."""

    loss: float
    accuracy: float
    predicted: np.ndarray
    confidence: np.ndarray


class Learner:
    """Model, optimiser and random numbers of one run on one data set."""

    def __init__(self, settings: Settings, data: Dataset, device: Device) -> None:
        self.settings, self.data, self.device = settings, data, device
        self.sizes = (data.train_images.shape[1], *settings.hidden, data.classes)
        self.model = nn.MLP(self.sizes, seed=settings.seed, device=device)
        self.optimizer = OPTIMIZERS[settings.optimizer](self.model.parameters(), lr=settings.lr)
        # A stream of its own: the seed itself is spent on the weights.
        self.rng = np.random.default_rng([settings.seed, 1])

    @property
    def is_small(self) -> bool:
        """Whether every matrix product is too small to gain from several threads."""
        return self.settings.batch_size * max(a * b for a, b in pairwise(self.sizes)) < 2**24

    @property
    def batches_per_epoch(self) -> int:
        """How often `train` calls back."""
        return -(-len(self.data.train_images) // self.settings.batch_size)

    def train(self, after_batch: Callable[[], None]) -> tuple[float, float]:
        """One epoch; its mean loss, as in `Scores`, and accuracy, taken while the weights were changing."""
        loss_sum: Any = 0.0
        right: Any = 0
        # Sums stay on the device: reading them would make every batch wait for it.
        for images, labels in batches(
            self.data.train_images, self.data.train_labels, size=self.settings.batch_size, rng=self.rng
        ):
            logits = self.model(self._moved(images))
            self.optimizer.zero_grad()
            softmax_cross_entropy(logits, self._moved(self._smoothed(labels))).backward()
            self.optimizer.step()

            logits, y = logits.detach(), self._moved(labels)
            loss_sum = loss_sum + softmax_cross_entropy(logits, y, reduction="sum")
            right = right + (logits.argmax(axis=1) == y).sum()
            after_batch()
        count = len(self.data.train_labels)
        return loss_sum.item() / count, right.item() / count

    def test(self) -> Scores:
        """Scores on the test part."""
        logits = self._logits(self.data.test_images).astype(np.float64)
        labels = self.data.test_labels
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        predicted = logits.argmax(axis=1)
        rows = np.arange(len(labels))
        return Scores(
            loss=float(-log_probability[rows, labels].mean()),
            accuracy=float((predicted == labels).mean()),
            predicted=predicted,
            confidence=np.exp(log_probability[rows, predicted]),
        )

    def state(self) -> dict[str, np.ndarray]:
        """Weights and optimiser state as named arrays."""
        model, optimizer = self.model.state_dict(), self.optimizer.state_dict()
        return _prefixed("model", model) | _prefixed("optimizer", optimizer)

    def restore(self, state: dict[str, np.ndarray], rng_state: dict[str, Any]) -> None:
        """Take over a `state` and the random numbers' state that goes with it."""
        try:
            self.model.load_state_dict(_unprefixed("model", state))
            self.optimizer.load_state_dict(_unprefixed("optimizer", state))
        except ValueError as error:
            raise UserError(f"the checkpoint does not fit a network of {self.shape}: {error}") from error
        self.rng.bit_generator.state = rng_state

    @property
    def shape(self) -> str:
        """The layers' sizes, as in 64-256-128-10."""
        return "-".join(map(str, self.sizes))

    @no_grad()
    def _logits(self, images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), EVALUATED_AT_ONCE)
        parts = (self.model(self._moved(images[at : at + EVALUATED_AT_ONCE])) for at in starts)
        return np.concatenate([part.to("cpu").numpy() for part in parts])

    def _smoothed(self, labels: np.ndarray) -> np.ndarray:
        targets = np.full((len(labels), self.data.classes), SMOOTHING / self.data.classes, dtype=np.float32)
        targets[np.arange(len(labels)), labels] += 1 - SMOOTHING
        return targets

    def _moved(self, array: np.ndarray) -> Tensor:
        return tensor(array, device=self.device)


def _prefixed(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _unprefixed(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name[len(prefix) + 1 :]: a for name, a in arrays.items() if name.startswith(f"{prefix}.")}
