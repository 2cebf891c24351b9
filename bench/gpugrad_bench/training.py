"""A training step of a network of dense layers, for every contestant; it gives the loss and all gradients.

The case says ``sizes``, ``batch``, ``activation`` (relu, tanh), ``loss`` (cross_entropy, squared_error),
``optimizer`` (sgd, adam) and ``rate``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import activations, formulas, optimizers
from .case import Setting
from .networks import dense, gradients, network, values
from .steps import trained


def inputs(s: Setting) -> tuple[Any, Any, list[np.ndarray]]:
    """Examples, labels or targets, and the initial parameters."""
    rng, sizes, batch = np.random.default_rng(0), s["sizes"], s["batch"]
    start = dense(rng, sizes)
    x = rng.standard_normal((batch, sizes[0]))
    classes = s["loss"] == "cross_entropy"
    targets = rng.integers(0, sizes[-1], batch) if classes else rng.standard_normal((batch, sizes[-1]))
    return s.array(x), s.array(targets), start


def gpugrad(s: Setting):
    import gpugrad as gg

    x, targets, start = inputs(s)
    activation = {"relu": gg.nn.ReLU, "tanh": gg.nn.Tanh}[s["activation"]]
    loss_of = {"cross_entropy": gg.softmax_cross_entropy, "squared_error": gg.squared_error}[s["loss"]]
    model = gg.nn.MLP(s["sizes"], activation=activation, dtype=s.dtype, device=s.device)
    for p, value in zip(model.parameters(), start, strict=True):
        p.assign_(s.array(value))
    make = {"sgd": gg.optim.SGD, "adam": gg.optim.Adam}[s["optimizer"]]
    optimizer = make(model.parameters(), lr=s["rate"])

    return trained(lambda: loss_of(model(x), targets), model.parameters(), optimizer)


def torch(s: Setting):
    import torch
    import torch.nn.functional as F

    x, targets, start = inputs(s)
    activation = getattr(torch, s["activation"])
    loss_of = {"cross_entropy": F.cross_entropy, "squared_error": F.mse_loss}[s["loss"]]
    parameters = [s.parameter(p) for p in start]
    make = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, fused=True)}[s["optimizer"]]
    optimizer = make(parameters, lr=s["rate"])

    @s.compile
    def evaluate(x, targets, *parameters):
        y = network(parameters, x, activation, lambda x, w, b: torch.addmm(b, x, w))
        return loss_of(y, targets)

    return trained(lambda: evaluate(x, targets, *parameters), parameters, optimizer)


def jax(s: Setting):
    import jax
    import jax.numpy as jnp

    x, targets, start = inputs(s)
    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh}[s["activation"]]
    move = getattr(optimizers, s["optimizer"])

    def cross_entropy(y, labels):
        return -jnp.take_along_axis(jax.nn.log_softmax(y), labels[:, None], 1).mean()

    def squared_error(y, targets):
        return ((y - targets) ** 2).mean()

    loss_of = {"cross_entropy": cross_entropy, "squared_error": squared_error}[s["loss"]]

    @s.compile
    def update(t, parameters, ms, vs, x, targets):
        def evaluate(parameters):
            return loss_of(network(parameters, x, activation), targets)

        loss, found = jax.value_and_grad(evaluate)(parameters)
        each = zip(parameters, found, ms, vs, strict=True)
        moved = [move(jnp, *arrays, t, s["rate"]) for arrays in each]
        return t + 1, *map(list, zip(*moved, strict=True)), [loss, *found]

    parameters = [s.array(p) for p in start]
    zeros = [jnp.zeros_like(p) for p in parameters]
    state = [1, parameters, zeros, zeros]

    def step() -> list[Any]:
        nonlocal state
        *state, results = update(*state, x, targets)
        return results

    return step


def autograd(s: Setting):
    import autograd.numpy as anp
    from autograd import value_and_grad

    x, targets, start = inputs(s)
    activation = {"relu": lambda h: anp.maximum(h, 0), "tanh": anp.tanh}[s["activation"]]
    rows = np.arange(len(x))

    def cross_entropy(y, labels):
        shifted = y - anp.max(y, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[rows, labels])

    def squared_error(y, targets):
        return anp.mean((y - targets) ** 2)

    loss_of = {"cross_entropy": cross_entropy, "squared_error": squared_error}[s["loss"]]
    return _in_place(s, start, value_and_grad(lambda p: loss_of(network(p, x, activation), targets)))


def by_hand(s: Setting):
    xp = s.xp
    x, targets, start = inputs(s)
    forward = getattr(activations, s["activation"])
    slope = {"relu": lambda h: h > 0, "tanh": lambda h: 1 - h * h}[s["activation"]]
    loss_of = getattr(formulas, s["loss"])

    def evaluate(parameters: list[Any]) -> tuple[Any, list[Any]]:
        kept = values(parameters, x, lambda h: forward(xp, h))
        loss, g = loss_of(xp, kept[-1], targets)
        return loss, gradients(parameters, kept, g, slope)

    return _in_place(s, start, evaluate)


def _in_place(s: Setting, start: list[np.ndarray], evaluate: Callable) -> Callable:
    """The step that changes NumPy's or CuPy's parameters by what ``evaluate`` gives: loss and gradients."""
    xp, move = s.xp, getattr(optimizers, s["optimizer"])
    parameters = [s.array(p) for p in start]
    kept = [(xp.zeros_like(p), xp.zeros_like(p)) for p in parameters]
    t = 0

    def step() -> list[Any]:
        nonlocal t
        t += 1
        loss, found = evaluate(parameters)
        for p, g, (m, v) in zip(parameters, found, kept, strict=True):
            move(xp, p, g, m, v, t, s["rate"])
        return [loss, *found]

    return step
