"""Rows of ``ops/softmax.py`` and ``ops/loss.py``."""

import numpy as np

from gpugrad import ops

from .row import REAL, Row, bad, between, call, whole

ones = np.ones
_ROWS = (call((3,)), call((2, 3)), call((2, 3), axis=0), call((2, 2, 3), axis=1), call((0, 3)), call((2, 0)))
_PAIRS = (call((3,), (3,), axis=0), call((2, 3), (2, 3), axis=1), call((2, 3), (2, 3), axis=0))
_LOSSES = (call((2, 3), (2, 3)), call((4,), (4,), reduction="sum"), call((), (), reduction="none"))
LABELS, PROBABILITY = whole(0, 3), between(0.05, 0.95)


def _softmax(x, axis=-1):
    return np.exp(x) / np.exp(x).sum(axis, keepdims=True)


def _log_softmax(x, axis=-1):
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def _onehot(labels):
    return np.eye(3)[labels]


def _cross_entropy(logits, labels):
    return -(_onehot(labels) * _log_softmax(logits)).sum(-1)


def _reduced(losses, reduction):
    return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](losses)


def _binary(x, t):
    return -t * np.log(1 / (1 + np.exp(-x))) - (1 - t) * np.log(1 / (1 + np.exp(x)))


_AXIS_ERROR = (bad(ValueError, "axis 2 is out of range", ones((2, 3)), axis=2),)
_REDUCTION_ERROR = bad(ValueError, "reduction has to be", ones(2), ones(2), reduction="average")

ROWS = (
    Row("softmax", _softmax, _ROWS, errors=_AXIS_ERROR),
    Row(
        "softmax_grad",
        lambda g, y, axis: y * g - y * (g * y).sum(axis, keepdims=True),
        _PAIRS,
    ),
    Row("log_softmax", _log_softmax, _ROWS, errors=_AXIS_ERROR),
    Row(
        "log_softmax_grad",
        lambda g, y, axis: g - np.exp(y) * g.sum(axis, keepdims=True),
        _PAIRS,
        condition=4,
    ),
    Row("cross_entropy", _cross_entropy, (call((4, 3), (4,)),), (REAL, LABELS)),
    Row(
        "cross_entropy_grad",
        lambda g, logits, labels: (_softmax(logits) - _onehot(labels)) * g[:, None],
        (call((4,), (4, 3), (4,)),),
        (REAL, REAL, LABELS),
    ),
    Row(
        "softmax_cross_entropy",
        lambda x, labels, reduction="mean": _reduced(_cross_entropy(x, labels), reduction),
        (
            call((4, 3), (4,)),
            call((2, 2, 3), (2, 2), reduction="none"),
            call((3,), (), reduction="sum"),
            call((0, 3), (0,), reduction="sum"),
        ),
        (REAL, LABELS),
        condition=4,
        errors=(
            bad(
                ValueError,
                r"logits of shape \(2, 3\) take integer labels of shape \(2,\)",
                ones((2, 3)),
                ones(3, int),
            ),
            bad(TypeError, "labels have to be integers, got dtype float64", ones((2, 3)), ones(2)),
        ),
    ),
    Row(
        "softmax_cross_entropy with probabilities",
        lambda x, p, reduction="mean": _reduced(-(p * _log_softmax(x)).sum(-1), reduction),
        (call((4, 3), (4, 3)), call((2, 3), (2, 3), reduction="none")),
        (REAL, PROBABILITY),
        condition=4,
        f=ops.softmax_cross_entropy,
    ),
    Row(
        "squared_error",
        lambda x, t, reduction="mean": _reduced(x * x - 2 * x * t + t * t, reduction),
        _LOSSES,
        condition=4,
        errors=(
            bad(ValueError, r"predictions have shape \(3,\), targets \(3, 1\)", ones(3), ones((3, 1))),
            _REDUCTION_ERROR,
        ),
    ),
    Row(
        "sigmoid_binary_cross_entropy",
        lambda x, t, reduction="mean": _reduced(_binary(x, t), reduction),
        _LOSSES,
        (REAL, PROBABILITY),
        condition=4,
        points=((1000.0, 1.0), (-1000.0, 0.0), (0.0, 0.5)),
        errors=(bad(ValueError, "they have to agree", ones(3), ones(2)), _REDUCTION_ERROR),
    ),
)
