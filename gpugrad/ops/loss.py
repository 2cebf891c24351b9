"""Losses, each of one formula that cannot overflow."""

from __future__ import annotations

from .activation import softplus
from .arithmetic import square, subtract
from .axes import ndim_of, shape_of
from .casting import as_array
from .reduction import mean, mean_square, sum
from .shape import reshape
from .softmax import cross_entropy, log_softmax


def _reduced(losses, reduction):
    if reduction == "mean":
        return mean(losses)
    if reduction == "sum":
        return sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f"reduction has to be 'mean', 'sum' or 'none', got {reduction!r}")


def squared_error(predictions, targets, reduction="mean"):
    """``(predictions - targets)**2``, averaged over all elements by default.

    Raises ValueError for shapes that differ: broadcasting a column against a row is nearly always a mistake.
    """
    if shape_of(predictions) != shape_of(targets):
        raise ValueError(
            f"squared_error: predictions have shape {shape_of(predictions)}, targets {shape_of(targets)}; "
            "they have to agree"
        )
    differences = subtract(predictions, targets)
    return mean_square(differences) if reduction == "mean" else _reduced(square(differences), reduction)


def softmax_cross_entropy(logits, labels, reduction="mean"):
    """``-log(softmax(logits))`` at the label, averaged over all examples by default (softmax regression).

    logits: (..., classes). labels: integers of shape (...), or probabilities of the shape of ``logits``.
    Raises ValueError for other shapes. A label outside ``0 .. classes - 1`` gives NaN.
    """
    shape, labels = shape_of(logits), as_array(labels, logits)
    if shape_of(labels) == shape and labels.dtype.kind not in "biu":
        return _reduced(-sum(labels * log_softmax(logits, -1), -1), reduction)
    if shape_of(labels) != shape[:-1] or not shape:
        raise ValueError(
            f"softmax_cross_entropy: logits of shape {shape} take integer labels of shape {shape[:-1]} or "
            f"probabilities of shape {shape}, got shape {shape_of(labels)}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"softmax_cross_entropy: labels have to be integers, got dtype {labels.dtype}")
    if len(shape) == 2:
        return _reduced(cross_entropy(logits, labels), reduction)
    losses = cross_entropy(reshape(logits, (-1, shape[-1])), reshape(labels, (-1,)))
    return _reduced(reshape(losses, shape[:-1]), reduction)


def sigmoid_binary_cross_entropy(logits, targets, reduction="mean"):
    """``-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x))``, averaged over all elements by default.

    targets: between 0 and 1, of the shape of ``logits`` (ValueError otherwise).
    """
    if ndim_of(targets) and shape_of(targets) != shape_of(logits):
        raise ValueError(
            f"sigmoid_binary_cross_entropy: logits have shape {shape_of(logits)}, targets "
            f"{shape_of(targets)}; they have to agree"
        )
    logits, targets = as_array(logits, logits), as_array(targets, logits)
    # As a difference, softplus(x) - t * x would lose the small losses of sure predictions.
    return _reduced(targets * softplus(-logits) + (1 - targets) * softplus(logits), reduction)
