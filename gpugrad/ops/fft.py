"""Discrete Fourier transforms under NumPy's names.

The matrix ``exp(-2j * pi * j * k / n)`` of a transform is symmetric, so that a complex transform is its own
transpose, in the same direction and with the same norm. What maps real to complex numbers is transposed with
respect to the real part of ``sum(g * t)``, see ``complex.py``.
"""

from __future__ import annotations

from operator import index

from ..backend import fourier
from ..core import linear, primitive
from .axes import ndim_of, one_axis, shape_of, some_axes, some_numbers
from .casting import as_array
from .complex import conj
from .shape import roll
from .tiling import pad

# ---- complex transforms ----


@primitive
def _fftn(xp, x, *, axis, norm, inverse):
    return fourier.fftn(xp, x, axis, norm, inverse)


linear(_fftn, _fftn)


def fft(x, n=None, axis=-1, norm=None):
    """The transform along ``axis``: ``y[k] = sum(x[j] * exp(-2j * pi * j * k / n))``.

    n: number of points, to which ``x`` is cropped or padded with zeros at the end; by default its length.
    norm: ``"backward"`` (default) divides the inverse transform by ``n``, ``"forward"`` this one, ``"ortho"``
        both by ``sqrt(n)``.

    Half and single precision give complex64. Raises ValueError for less than one point or an unknown norm.
    """
    return _complex("fft", x, _one("fft", n), axis, norm, inverse=False)


def ifft(x, n=None, axis=-1, norm=None):
    """The inverse of :func:`fft`: ``x[j] = sum(y[k] * exp(2j * pi * j * k / n)) / n``."""
    return _complex("ifft", x, _one("ifft", n), axis, norm, inverse=True)


def fft2(x, s=None, axes=(-2, -1), norm=None):
    """:func:`fftn` along two axes."""
    return _complex("fft2", x, s, axes, norm, inverse=False)


def ifft2(x, s=None, axes=(-2, -1), norm=None):
    """:func:`ifftn` along two axes."""
    return _complex("ifft2", x, s, axes, norm, inverse=True)


def fftn(x, s=None, axes=None, norm=None):
    """:func:`fft` along several axes, by default all, or as many of the last as ``s`` has numbers.

    s: number of points along each of the axes; -1 for as many as there are.
    """
    return _complex("fftn", x, s, axes, norm, inverse=False)


def ifftn(x, s=None, axes=None, norm=None):
    """The inverse of :func:`fftn`."""
    return _complex("ifftn", x, s, axes, norm, inverse=True)


def _complex(name, x, s, axes, norm, inverse):
    x = as_array(x, x)
    lengths, axes = _points(name, x, s, axes)
    norm = _norm(name, norm)
    rounds = [(lengths, axes)]
    if len(set(axes)) < len(axes) or not axes:  # once for each time that an axis is named, the last first
        rounds = [((n,), (k,)) for n, k in zip(lengths[::-1], axes[::-1], strict=True)]
    for some_lengths, some in rounds:
        x = _fftn(_resized(x, some_lengths, some), axis=some, norm=norm, inverse=inverse)
    return x


# ---- transforms of real numbers: the bins above n / 2 are the conjugates of those below, and left out ----

_OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


@primitive
def _rfftn(xp, x, *, axis, norm):
    return fourier.rfftn(xp, x, axis, norm)


@primitive
def _irfftn(xp, x, *, axis, n, norm):
    return fourier.irfftn(xp, x, axis, n, norm)


@primitive
def _folded(xp, x, *, axis, n, factor):
    """``conj(x)``, with the bins along ``axis`` that stand for a mirrored one as well times ``factor``.

    Of ``n`` points these are all but bin 0 and, if ``n`` is even, bin ``n / 2``.
    """
    y = xp.conj(x)
    y[(slice(None),) * axis + (slice(1, (n + 1) // 2),)] *= factor
    return y


# The inverse turns the other way, hence the conjugate, and counts most bins for two, hence the factor.
linear(
    _rfftn,
    lambda g, x_shape, *, axis, norm: _irfftn(
        _folded(g, axis=axis[-1], n=x_shape[axis[-1]], factor=0.5),
        axis=axis,
        n=x_shape[axis[-1]],
        norm=_OPPOSITE[norm],
    ),
)
linear(
    _irfftn,
    lambda g, *, axis, n, norm: _folded(
        _rfftn(g, axis=axis, norm=_OPPOSITE[norm]), axis=axis[-1], n=n, factor=2
    ),
)
linear(_folded, _folded)


def rfft(x, n=None, axis=-1, norm=None):
    """Bins 0 to ``n // 2`` of :func:`fft`, for a real ``x``. Raises TypeError for a complex one."""
    return _halved("rfft", x, _one("rfft", n), axis, norm)


def rfft2(x, s=None, axes=(-2, -1), norm=None):
    """:func:`rfftn` along two axes."""
    return _halved("rfft2", x, s, axes, norm)


def rfftn(x, s=None, axes=None, norm=None):
    """:func:`rfft` along the last of the axes, :func:`fftn` along the others."""
    return _halved("rfftn", x, s, axes, norm)


def _halved(name, x, s, axes, norm):
    x = as_array(x, x)
    if x.dtype.kind == "c":
        raise TypeError(f"{name} takes real numbers, got {x.dtype}; give it real(x), or use fft or ifft")
    lengths, axes = _points(name, x, s, axes)
    norm = _norm(name, norm)
    if not axes:
        raise ValueError(f"{name}: at least one axis is needed, got none for shape {shape_of(x)}")
    if len(set(axes)) < len(axes):
        return fftn(rfft(x, lengths[-1], axes[-1], norm), lengths[:-1], axes[:-1], norm)
    return _rfftn(_resized(x, lengths, axes), axis=axes, norm=norm)


def irfft(x, n=None, axis=-1, norm=None):
    """The inverse of :func:`rfft`: ``n`` real numbers from bins 0 to ``n // 2``.

    ``n`` is ``2 * (bins - 1)`` unless given, which an odd length has to be. The imaginary parts of bin 0 and,
    for an even ``n``, of bin ``n / 2`` have no effect, and no gradient.
    """
    return _mirrored("irfft", x, _one("irfft", n), axis, norm)


def irfft2(x, s=None, axes=(-2, -1), norm=None):
    """:func:`irfftn` along two axes."""
    return _mirrored("irfft2", x, s, axes, norm)


def irfftn(x, s=None, axes=None, norm=None):
    """The inverse of :func:`rfftn`: :func:`ifftn` along all axes but the last, then :func:`irfft` along it.

    s: number of points of the result along each of the axes; see :func:`irfft` for the last.
    """
    return _mirrored("irfftn", x, s, axes, norm)


def _mirrored(name, x, s, axes, norm):
    x = as_array(x, x)
    lengths, axes = _points(name, x, s, axes, mirrored=True)
    norm = _norm(name, norm)
    if not axes:
        raise ValueError(f"{name}: at least one axis is needed, got none for shape {shape_of(x)}")
    if len(set(axes)) < len(axes):
        for length, k in zip(lengths[:-1], axes[:-1], strict=True):
            x = ifft(x, length, k, norm)
        return irfft(x, lengths[-1], axes[-1], norm)
    *others, n = lengths
    return _irfftn(_resized(x, (*others, n // 2 + 1), axes), axis=axes, n=n, norm=norm)


def hfft(x, n=None, axis=-1, norm=None):
    """The ``n`` real bins of a signal with ``x[-j] = conj(x[j])``, from its elements 0 to ``n // 2``."""
    return _mirrored("hfft", conj(x), _one("hfft", n), axis, _OPPOSITE[_norm("hfft", norm)])


def ihfft(x, n=None, axis=-1, norm=None):
    """The inverse of :func:`hfft`, for a real ``x``. Raises TypeError for a complex one."""
    return conj(_halved("ihfft", x, _one("ihfft", n), axis, _OPPOSITE[_norm("ihfft", norm)]))


# ---- order of the bins ----


def fftshift(x, axes=None):
    """The bin of frequency 0 moved to the middle, along all axes or those given."""
    axes = some_axes(axes, ndim_of(x), "fftshift")
    return roll(x, tuple(shape_of(x)[k] // 2 for k in axes), axes)


def ifftshift(x, axes=None):
    """The inverse of :func:`fftshift`, from which it differs for odd lengths."""
    axes = some_axes(axes, ndim_of(x), "ifftshift")
    return roll(x, tuple(-(shape_of(x)[k] // 2) for k in axes), axes)


# ---- what was asked for ----


def _one(name, n):
    """One number of points as ``s``, in which -1 would mean the whole axis."""
    if n is not None and index(n) < 1:
        raise ValueError(f"{name}: n has to be at least 1, got {n}")
    return None if n is None else (n,)


def _points(name, x, s, axes, mirrored=False):
    """How many points there are along each axis, and the axes counted from the front."""
    shape, count = shape_of(x), ndim_of(x)
    s = None if s is None else some_numbers(s)
    if axes is None:
        axes = tuple(range(count))[0 if s is None else count - len(s) :]
    axes = tuple(one_axis(k, count, name) for k in some_numbers(axes))
    lengths = [shape[k] for k in axes]
    if s is not None:
        if len(s) != len(axes):
            raise ValueError(f"{name}: s has {len(s)} lengths for {len(axes)} axes of shape {shape}")
        lengths = [have if n == -1 else n for have, n in zip(lengths, s, strict=True)]
    elif mirrored and lengths:
        lengths[-1] = 2 * (lengths[-1] - 1)
    for n, k in zip(lengths, axes, strict=True):
        if n < 1:
            raise ValueError(
                f"{name}: a transform takes at least 1 point, and {n} follow from shape {shape} along "
                f"axis {k}; give their number, which pads with zeros"
            )
    return tuple(lengths), axes


def _norm(name, norm):
    if norm is None:
        return "backward"
    if norm not in _OPPOSITE:
        raise ValueError(f'{name}: norm has to be "backward", "ortho" or "forward", got {norm!r}')
    return norm


def _resized(x, lengths, axes):
    """``x`` cropped, or padded with zeros at the end, to these lengths along these axes."""
    wanted = list(shape_of(x))
    for n, k in zip(lengths, axes, strict=True):
        wanted[k] = n
    if any(n < have for n, have in zip(wanted, x.shape, strict=True)):
        x = x[tuple(slice(n) for n in wanted)]
    if any(n > have for n, have in zip(wanted, x.shape, strict=True)):
        x = pad(x, [(0, n - have) for n, have in zip(wanted, x.shape, strict=True)])
    return x
