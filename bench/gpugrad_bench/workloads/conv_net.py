"""A training step of a convolutional network on 64 images 1x28x28: two times convolution, relu and pooling, a
linear layer, cross-entropy, SGD. All gradients are results.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import convolutions
from ..case import Case, Setting
from ..formulas import ITEMSIZE, cross_entropy, dtypes, named
from ..steps import trained

TITLE = "training step of a convolutional network, 64 images 1x28x28"
SIDE, CHANNELS, CLASSES, RATE = 28, (1, 16, 32), 10, 1e-3


def cases(device: str) -> list[Case]:
    return [_case(64, dtype) for dtype in dtypes(device)]


def _case(batch: int, dtype: str) -> Case:
    first = batch * SIDE**2 * CHANNELS[0] * CHANNELS[1] * 9
    others = batch * ((SIDE // 2) ** 2 * CHANNELS[1] * CHANNELS[2] * 9 + _features() * CLASSES)
    # Multiplied and added forward, for the weights' gradients and, beyond the first layer, for what is below.
    # The images are read; weights are read and written, and their gradients written.
    weights = 9 * (CHANNELS[0] * CHANNELS[1] + CHANNELS[1] * CHANNELS[2]) + _features() * CLASSES
    return Case(
        named(f"sgd-{batch}", dtype),
        {"batch": batch},
        dtype,
        flops=2 * (2 * first + 3 * others),
        bytes=(batch * SIDE**2 + 3 * weights) * ITEMSIZE[dtype],
        memory=True,
    )


def _features() -> int:
    return CHANNELS[2] * (SIDE // 4) ** 2


def inputs(s: Setting) -> tuple[Any, Any, list[np.ndarray]]:
    """Images, labels, and weights and biases in turn; kernels are of shape (out, in, 3, 3)."""
    rng, batch = np.random.default_rng(0), s["batch"]
    start: list[np.ndarray] = []
    for shape, count in (((16, 1, 3, 3), 9), ((32, 16, 3, 3), 144), ((_features(), CLASSES), _features())):
        start += [rng.normal(0, (2 / count) ** 0.5, shape), np.zeros(shape[0] if count < 200 else CLASSES)]
    x, labels = rng.standard_normal((batch, 1, SIDE, SIDE)), rng.integers(0, CLASSES, batch)
    return s.array(x), s.array(labels), start


def gpugrad(s: Setting):
    import gpugrad as gg

    x, labels, start = inputs(s)
    parameters = [s.parameter(p) for p in start]
    optimizer = gg.optim.SGD(parameters, RATE)
    w1, b1, w2, b2, w3, b3 = parameters

    def evaluate():
        h = gg.max_pool2d(gg.relu(gg.conv2d(x, w1, b1, padding=1)), 2)
        h = gg.max_pool2d(gg.relu(gg.conv2d(h, w2, b2, padding=1)), 2)
        return gg.softmax_cross_entropy(gg.affine(h.reshape(len(h), -1), w3, b3), labels)

    return trained(evaluate, parameters, optimizer)


def torch(s: Setting):
    import torch
    import torch.nn.functional as F

    x, labels, start = inputs(s)
    # Kernels with the channels last, as PyTorch advises: 5.5 ms instead of 10.4 on a CPU.
    layout = {4: {"memory_format": torch.channels_last}}
    parameters = [s.array(p).to(**layout.get(p.ndim, {})).requires_grad_() for p in start]
    optimizer = torch.optim.SGD(parameters, RATE)

    @s.compile
    def evaluate(x, labels, w1, b1, w2, b2, w3, b3):
        h = F.max_pool2d(F.relu(F.conv2d(x, w1, b1, padding=1)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, w2, b2, padding=1)), 2)
        return F.cross_entropy(torch.addmm(b3, h.flatten(1), w3), labels)

    return trained(lambda: evaluate(x, labels, *parameters), parameters, optimizer)


def jax(s: Setting):
    import jax
    import jax.numpy as jnp
    from jax import lax

    # Channels last, and a pooling that is no lax.reduce_window: 8 ms instead of 32 on a CPU.
    def block(x, w, b):
        layout = ("NHWC", "OIHW", "NHWC")
        h = lax.conv_general_dilated(x, w, (1, 1), ((1, 1), (1, 1)), dimension_numbers=layout)
        batch, height, width, channels = h.shape
        pairs = jax.nn.relu(h + b).reshape(batch, height // 2, 2, width // 2, 2, channels)
        return pairs.max((2, 4))

    def evaluate(parameters, x, labels):
        w1, b1, w2, b2, w3, b3 = parameters
        h = block(block(x.transpose(0, 2, 3, 1), w1, b1), w2, b2).transpose(0, 3, 1, 2)
        y = jax.nn.log_softmax(h.reshape(len(h), -1) @ w3 + b3)
        return -jnp.take_along_axis(y, labels[:, None], 1).mean()

    @s.compile
    def update(parameters, x, labels):
        loss, found = jax.value_and_grad(evaluate)(parameters, x, labels)
        return [p - RATE * g for p, g in zip(parameters, found, strict=True)], [loss, *found]

    x, labels, start = inputs(s)
    parameters = [s.array(p) for p in start]

    def step() -> list[Any]:
        nonlocal parameters
        parameters, results = update(parameters, x, labels)
        return results

    return step


def by_hand(s: Setting):
    xp = s.xp
    x, labels, start = inputs(s)
    w1, b1, w2, b2, w3, b3 = parameters = [s.array(p) for p in start]
    # Channels last, so that a convolution is one product of matrices.
    x = xp.ascontiguousarray(x.transpose(0, 2, 3, 1))

    def step() -> list[Any]:
        h1, kept1 = convolutions.block(xp, x, w1, b1)
        h2, kept2 = convolutions.block(xp, h1, w2, b2)
        flat = h2.transpose(0, 3, 1, 2).reshape(len(x), -1)
        loss, g = cross_entropy(xp, flat @ w3 + b3, labels)
        gh = (g @ w3.T).reshape(len(x), -1, *h2.shape[1:3]).transpose(0, 2, 3, 1)
        gh, gw2, gb2 = convolutions.block_grad(xp, gh, w2, h2, kept2)
        _, gw1, gb1 = convolutions.block_grad(xp, gh, w1, h1, kept1, below=False)
        found = [gw1, gb1, gw2, gb2, flat.T @ g, g.sum(0)]
        for p, gp in zip(parameters, found, strict=True):
            p -= RATE * gp
        return [loss, *found]

    return step
