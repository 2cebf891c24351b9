"""Phase retrieval: the phase of a light field such that after some way it has the intensity wanted.

The field ``exp(i phase)`` is propagated by its angular spectrum (Goodman, Introduction to Fourier Optics): a
Fourier transform, a product with the transfer function of free space, and back. The loss is the mean of
``(|u|**2 - target)**2``; a step gives it and its gradient with respect to the phase, through complex numbers.
"""

from __future__ import annotations

from math import log2
from typing import Any

import numpy as np

from ..case import Case, Setting
from ..steps import pulled

TITLE = "loss and gradient of a phase, through two complex Fourier transforms"
WAVELENGTH, PIXEL, DISTANCE = 633e-9, 8e-6, 0.05  # metres


def cases(device: str) -> list[Case]:
    n = 2048 if device == "cuda" else 256
    # Two transforms forward, two backward: 5 N log2 N operations each, the field (8 bytes a number) read and
    # written once.
    return [Case(f"{n}x{n}", {"side": n}, flops=4 * 5 * n * n * log2(n * n), bytes=4 * 2 * 8 * n * n)]


def inputs(s: Setting) -> list[np.ndarray]:
    """Phase, transfer function and target."""
    n, rng = s["side"], np.random.default_rng(0)
    f = np.fft.fftfreq(n, PIXEL)
    along = 1 / WAVELENGTH**2 - f[:, None] ** 2 - f**2
    transfer = np.exp(2j * np.pi * DISTANCE * np.sqrt(along))
    return [rng.uniform(-1, 1, (n, n)), transfer, rng.uniform(0, 2, (n, n))]


def gpugrad(s: Setting):
    import gpugrad.numpy as gnp

    phase, transfer, target = inputs(s)
    phase, transfer, target = s.parameter(phase), s.array(transfer), s.array(target)

    def evaluate(phase):
        u = gnp.fft.ifft2(gnp.fft.fft2(gnp.exp(1j * phase)) * transfer)
        return ((u.real**2 + u.imag**2 - target) ** 2).mean()

    return pulled(evaluate, [phase])


def torch(s: Setting):
    import torch

    phase, transfer, target = inputs(s)
    phase, transfer, target = s.parameter(phase), s.array(transfer), s.array(target)
    ones = torch.ones_like(target)

    @s.compile
    def evaluate(phase, transfer, target):
        field = torch.polar(ones, phase)  # two thirds of the time of torch.exp(1j * phase)
        u = torch.fft.ifft2(torch.fft.fft2(field) * transfer)
        return ((u.real**2 + u.imag**2 - target) ** 2).mean()

    return pulled(lambda phase: evaluate(phase, transfer, target), [phase])


def jax(s: Setting):
    import jax
    import jax.numpy as jnp

    def evaluate(phase, transfer, target):
        u = jnp.fft.ifft2(jnp.fft.fft2(jnp.exp(1j * phase)) * transfer)
        return ((u.real**2 + u.imag**2 - target) ** 2).mean()

    both, given = s.compile(jax.value_and_grad(evaluate)), [s.array(v) for v in inputs(s)]
    return lambda: both(*given)


def autograd(s: Setting):
    import autograd.numpy as anp
    from autograd import value_and_grad

    phase, transfer, target = (s.array(v) for v in inputs(s))

    def evaluate(phase):
        # NumPy's exp of complex64 takes twenty times as long as cos and sin.
        u = anp.fft.ifft2(anp.fft.fft2(anp.cos(phase) + 1j * anp.sin(phase)) * transfer)
        return anp.mean((anp.real(u) ** 2 + anp.imag(u) ** 2 - target) ** 2)

    both = value_and_grad(evaluate)
    return lambda: both(phase)


def by_hand(s: Setting):
    xp = s.xp
    phase, transfer, target = (s.array(v) for v in inputs(s))
    back = transfer.conj()

    def step() -> list[Any]:
        field = xp.empty_like(transfer)
        xp.cos(phase, out=field.real)
        xp.sin(phase, out=field.imag)
        u = xp.fft.ifft2(xp.fft.fft2(field) * transfer)
        off = u.real**2 + u.imag**2 - target
        # Uphill for u: 4 off u / N. The transform there and back is unitary but for the transfer function.
        g = xp.fft.ifft2(xp.fft.fft2(off * u) * back) * field.conj()
        return [(off * off).mean(), g.imag * (4 / off.size)]

    return step
