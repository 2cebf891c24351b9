"""Rows of ``ops/normalization.py``."""

import numpy as np

from .row import REAL, Row, bad, call, distinct

ones = np.ones
EPS = 1e-5


def _standardize(x, axis, eps):
    """By the matrix that takes the mean away, over axes that are made one."""
    n = len(axis)
    rows = np.moveaxis(x, axis, range(-n, 0)) if n else x[..., None]
    shape = rows.shape
    rows = rows.reshape(*shape[: len(shape) - max(n, 1)], -1 if x.size else 0)
    count = rows.shape[-1]
    centred = rows @ (np.eye(count) - 1 / max(count, 1))
    y = centred / np.sqrt((centred * centred).sum(-1, keepdims=True) / max(count, 1) + eps)
    return np.moveaxis(y.reshape(shape), range(-n, 0), axis) if n else y[..., 0]


def _standardize_grad(g, x, axis, eps):
    """The derivative of the above along ``g``, by a complex step."""
    return _standardize(x + 1e-30j * g, axis, eps).imag * 1e30


def _layer_norm(x, weight=None, bias=None, axis=-1, eps=EPS):
    axes = tuple(k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,)))
    shape = [n if k in axes else 1 for k, n in enumerate(x.shape)]
    y = _standardize(x, axes, eps)
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


_ALL = (
    call((4,), axis=(0,), eps=EPS),
    call((2, 3), axis=(1,), eps=EPS),
    call((2, 3), axis=(0,), eps=1e-2),
    call((2, 3, 2), axis=(1, 2), eps=EPS),
    call((0, 3), axis=(1,), eps=EPS),
    call((2, 0), axis=(1,), eps=EPS),
)
_PAIRS = tuple(call(*s.shapes, *s.shapes, **s.params) for s in _ALL)

ROWS = (
    Row("standardize", _standardize, _ALL, distinct, condition=8),
    Row("standardize_grad", _standardize_grad, _PAIRS, (REAL, distinct), condition=16),
    Row(
        "layer_norm",
        _layer_norm,
        (
            call((4,)),
            call((2, 3), (3,), (3,)),
            call((2, 3), (3,)),
            call((3, 2), (3,), (3,), axis=0),
            call((2, 3, 2), (3, 2), (3, 2), axis=(-2, -1), eps=1e-3),
            call((2, 3, 2), (2, 2), (2, 2), axis=(0, 2)),
            call((0, 3), (3,), (3,)),
            call((2, 3), (), (), axis=()),
        ),
        distinct,
        condition=8,
        errors=(
            bad(ValueError, "axis -1 is out of range for an array of 0 dimensions", ones(())),
            bad(ValueError, r"the weight has shape \(2,\).* has to have shape \(3,\)", ones((2, 3)), ones(2)),
            bad(ValueError, r"the bias has shape \(3, 1\)", ones((2, 3)), ones(3), ones((3, 1))),
            bad(TypeError, "expected real numbers", ones((2, 3), complex)),
        ),
    ),
)
