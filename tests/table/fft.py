"""Rows of ``ops/fft.py``; the references are products with the matrices of the transforms."""

import numpy as np

from gpugrad.ops import fft

from .row import Row, bad, call

ones = np.ones


# ---- references ----


def _scale(n, norm, inverse):
    return {"ortho": n**-0.5, None: 1, "backward": 1, "forward": 1 / n}[
        norm if not inverse or norm == "ortho" else {"forward": None}.get(norm, "forward")
    ]


def _fit(x, n, axis):
    """``x`` cropped or padded with zeros to ``n`` elements."""
    x = np.moveaxis(x, axis, -1)[..., :n]
    return np.concatenate([x, np.zeros((*x.shape[:-1], n - x.shape[-1]))], -1)


def _dft(x, n, axis, norm, inverse, bins=None):
    """The transform of ``n`` points along one axis, or its first ``bins`` numbers."""
    j, k = np.arange(n), np.arange(n if bins is None else bins)
    turns = (1 if inverse else -1) * np.outer(j, k) / n
    y = _fit(x, n, axis) @ (_scale(n, norm, inverse) * np.exp(2j * np.pi * turns))
    return np.moveaxis(y, -1, axis)


def _half_inverse(x, n, axis, norm):
    """Of the whole spectrum, which goes on with conjugates and is real in bins 0 and n / 2."""
    half = _fit(x, n // 2 + 1, axis) + 0j
    half[..., 0] = half[..., 0].real
    if n % 2 == 0:
        half[..., -1] = half[..., -1].real
    rest = np.conj(half[..., (n - 1) // 2 : 0 : -1])
    y = _dft(np.concatenate([half, rest], -1), n, -1, norm, inverse=True)
    return np.moveaxis(y.real, -1, axis)


def _one(x, n=None, axis=-1, norm=None, inverse=False, bins=None):
    n = x.shape[axis] if n is None else n
    return _dft(x, n, axis, norm, inverse, None if bins is None else bins(n))


def _half(n):
    return n // 2 + 1


def _rfft(x, **params):
    return _one(x, **params, bins=_half)


def _irfft(x, n=None, axis=-1, norm=None):
    return _half_inverse(x, 2 * (x.shape[axis] - 1) if n is None else n, axis, norm)


def _swapped(norm):
    return {None: "forward", "backward": "forward", "forward": "backward"}.get(norm, norm)


def _hfft(x, norm=None, **params):
    return _irfft(np.conj(x), norm=_swapped(norm), **params)


def _ihfft(x, norm=None, **params):
    return np.conj(_rfft(x, norm=_swapped(norm), **params))


def _plan(x, s, axes):
    axes = tuple(range(x.ndim))[-len(s) if s else None :] if axes is None else axes
    lengths = [x.shape[k] for k in axes] if s is None else s
    return [(x.shape[k] if n == -1 else n, k) for n, k in zip(lengths, axes, strict=True)]


def _many(inverse):
    def transform(x, s=None, axes=None, norm=None):
        for n, k in reversed(_plan(x, s, axes)):
            x = _dft(x, n, k, norm, inverse)
        return x

    return transform


def _rfftn(x, s=None, axes=None, norm=None):
    *others, (n, k) = _plan(x, s, axes)
    x = _rfft(x, n=n, axis=k, norm=norm)
    for n, k in reversed(others):
        x = _dft(x, n, k, norm, inverse=False)
    return x


def _irfftn(x, s=None, axes=None, norm=None):
    *others, (n, last) = _plan(x, s, axes)
    for m, k in others:
        x = _dft(x, m, k, norm, inverse=True)
    return _half_inverse(x, 2 * (n - 1) if s is None else n, last, norm)


def _over_two(reference):
    return lambda x, s=None, axes=(-2, -1), norm=None: reference(x, s, axes, norm)


def _shift(inverse):
    def shift(x, axes=None):
        for k in range(x.ndim) if axes is None else np.atleast_1d(axes):
            n = x.shape[k]
            x = x.take((np.arange(n) + (n // 2 if inverse else (n + 1) // 2)) % n, k)
        return x

    return shift


# ---- samples ----

# Even and odd lengths and 1, cropped, padded, the same, both norms that are not the default.
_ALONG = (
    call((4,)),
    call((5,)),
    call((1,), n=1),
    call((2,), axis=0),
    call((6,), n=4, norm="ortho"),
    call((3,), n=6, norm="forward"),
    call((4,), n=7, norm="backward"),
    call((2, 3, 2), axis=1),
    call((3, 4), axis=-2, n=2, norm="ortho"),
    call((0, 3)),
)
_OVER = (
    call((3, 4)),
    call((2, 1, 3), norm="ortho"),
    call((2, 3, 4), axes=(0, 2), norm="forward"),
    call((2, 3, 4), axes=(-1, 0, 1)),
    call((4, 3), s=(3, 5), axes=(0, 1)),
    call((2, 4, 3), s=(5, -1), axes=(2, 1)),
    call((2, 3, 3), s=(2, 4)),
    call((3, 4), axes=(-1,)),
    call((3, 4), axes=(1, 1), norm="ortho"),
    call((4, 3), s=(2, 3, 5), axes=(0, 1, 0)),
    call((4, 3), s=(2, 5, 4), axes=(0, 0, 1)),
    call((0, 2, 3), axes=(1, 2)),
)
_PLANE = (call((3, 4)), call((2, 3, 3)), call((3, 4, 2), s=(2, 5), axes=(1, 0), norm="ortho"))
_SHIFTED = (call((4,)), call((5,)), call((3, 4)), call((3, 4), axes=0), call((3, 2, 5), axes=(-1, 0)))

_WRONG = (
    bad(ValueError, "at least 1 point, and 0 follow from shape", ones((2, 0))),
    bad(ValueError, "n has to be at least 1, got 0", ones(3), n=0),
    bad(ValueError, "n has to be at least 1, got -1", ones(3), n=-1),
    bad(TypeError, "integer", ones(3), n=2.5),
    bad(ValueError, "axis 1 is out of range", ones(3), axis=1),
    bad(ValueError, "axis -1 is out of range", ones(())),
    bad(ValueError, 'norm has to be "backward", "ortho" or "forward", got \'unit\'', ones(3), norm="unit"),
)
_WRONG_OVER = (
    bad(ValueError, "at least 1 point, and 0 follow from shape .* along axis 0", ones((0, 3)), axes=(0, 1)),
    bad(ValueError, "s has 1 lengths for 2 axes", ones((3, 4)), s=(2,), axes=(0, 1)),
    bad(ValueError, "s has 3 lengths for 1 axes", ones((3, 4)), s=(2, 2, 2)),
    bad(ValueError, "at least 1 point, and -2 follow", ones((3, 4)), s=(2, -2), axes=(0, 1)),
    bad(ValueError, "axis 2 is out of range", ones((3, 4)), axes=(0, 2)),
    bad(ValueError, "norm has to be", ones((3, 4)), norm="none"),
)
_COMPLEX = (bad(TypeError, "takes real numbers, got complex128", ones(3) * 1j),)
_NO_AXES = (bad(ValueError, "at least one axis is needed", ones((3, 4)), axes=()),)
_ONE_BIN = (bad(ValueError, "at least 1 point, and 0 follow from shape", ones((2, 1))),)


def _row(name, reference, samples, dtypes="fc", **more):
    more = {"single": True, "condition": 8} | more
    return Row(name, reference, samples, f=getattr(fft, name), dtypes=dtypes, **more)


ROWS = (
    _row("fft", _one, _ALONG, errors=_WRONG),
    _row("ifft", lambda x, **params: _one(x, inverse=True, **params), _ALONG, errors=_WRONG),
    _row("rfft", _rfft, _ALONG, "f", errors=(*_WRONG, *_COMPLEX)),
    _row("irfft", _irfft, _ALONG, errors=(*_WRONG[1:], *_ONE_BIN)),
    _row("hfft", _hfft, _ALONG, errors=(*_WRONG[1:], *_ONE_BIN)),
    _row("ihfft", _ihfft, _ALONG, "f", errors=(*_WRONG, *_COMPLEX)),
    _row("fftn", _many(False), _OVER, errors=_WRONG_OVER),
    _row("ifftn", _many(True), _OVER, errors=_WRONG_OVER),
    _row("rfftn", _rfftn, _OVER, "f", errors=(*_WRONG_OVER, *_COMPLEX, *_NO_AXES)),
    _row("irfftn", _irfftn, _OVER, errors=(*_WRONG_OVER, *_ONE_BIN, *_NO_AXES)),
    _row("fft2", _over_two(_many(False)), _PLANE),
    _row("ifft2", _over_two(_many(True)), _PLANE),
    _row("rfft2", _over_two(_rfftn), _PLANE, "f"),
    _row("irfft2", _over_two(_irfftn), _PLANE),
    _row("fftshift", _shift(False), _SHIFTED, exact=True, single=False),
    _row("ifftshift", _shift(True), _SHIFTED, exact=True, single=False),
    Row(
        "folded",
        lambda x, axis, n, factor: np.conj(x) * _weights(x.shape, axis, n, factor),
        (
            call((3,), axis=0, n=4, factor=2),
            call((3,), axis=0, n=5, factor=0.5),
            call((1, 2), axis=0, n=1, factor=2),
        ),
        f=fft._folded,
        dtypes="fc",
    ),
)


def _weights(shape, axis, n, factor):
    """1 at the bins that are their own mirror image, ``factor`` at the others."""
    own = [k == -k % n for k in range(shape[axis])]
    return np.expand_dims(np.where(own, 1, factor), [k for k in range(len(shape)) if k != axis])
