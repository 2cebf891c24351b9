"""A training step of a network 2-16-16-1: tanh, squared error, SGD. Hardly any of its time is arithmetic."""

from __future__ import annotations

from ..case import Case
from ..training import autograd as autograd
from ..training import by_hand as by_hand
from ..training import gpugrad as gpugrad
from ..training import jax as jax
from ..training import torch as torch

TITLE = "training step of an MLP 2-16-16-1"


def cases(device: str) -> list[Case]:
    return [
        Case(
            "sgd-32",
            {
                "sizes": (2, 16, 16, 1),
                "batch": 32,
                "activation": "tanh",
                "loss": "squared_error",
                "optimizer": "sgd",
                "rate": 1e-3,
            },
        )
    ]
