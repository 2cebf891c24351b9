"""Every template of activations.cuh against its formula in float64."""

import re
from math import erfc

import numpy as np
import pytest

from gpugrad.backend import kernels

ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

_erfc = np.frompyfunc(erfc, 1, 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def phi(x):
    return 0.5 * _erfc(-x / np.sqrt(2)).astype(np.float64)


def elu(x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(x))


def elu_slope(x, alpha):
    return np.where(x > 0, 1, alpha * np.exp(x))


def softplus(x):
    return np.logaddexp(0, x)


def gelu_u(x):
    return np.sqrt(8 / np.pi) * (x + 0.044715 * x**3)


def gelu_tanh_slope(x):
    s = sigmoid(gelu_u(x))
    return s + x * s * sigmoid(-gelu_u(x)) * np.sqrt(8 / np.pi) * (1 + 3 * 0.044715 * x**2)


def mish_slope(x):
    y = np.tanh(softplus(x))
    return y + x * (1 - y**2) * sigmoid(x)


SLOPE, ELU, BOUNDS = {"negative_slope": 0.01}, {"alpha": 1.5}, {"min_val": -1.0, "max_val": 2.0}
TABLE = {
    "sigmoid": ("x", {}, sigmoid),
    "sigmoid_grad": ("g y", {}, lambda g, y: g * y * (1 - y)),
    "relu": ("x", {}, lambda x: np.where(x <= 0, 0, x)),
    "relu_grad": ("g y", {}, lambda g, y: np.where(y > 0, g, 0)),
    "tanh_grad": ("g y", {}, lambda g, y: g * (1 - y**2)),
    "leaky_relu": ("x", SLOPE, lambda x, s: np.where(x > 0, x, x * s)),
    "leaky_relu_grad": ("g x", SLOPE, lambda g, x, s: np.where(x > 0, g, g * s)),
    "elu": ("x", ELU, elu),
    "elu_grad": ("g x", ELU, lambda g, x, alpha: g * elu_slope(x, alpha)),
    "selu": ("x", {}, lambda x: SCALE * elu(x, ALPHA)),
    "selu_grad": ("g x", {}, lambda g, x: g * SCALE * elu_slope(x, ALPHA)),
    "gelu": ("x", {}, lambda x: x * phi(x)),
    "gelu_grad": ("g x", {}, lambda g, x: g * (phi(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))),
    "gelu_tanh": ("x", {}, lambda x: x * sigmoid(gelu_u(x))),
    "gelu_tanh_grad": ("g x", {}, lambda g, x: g * gelu_tanh_slope(x)),
    "silu": ("x", {}, lambda x: x * sigmoid(x)),
    "silu_grad": ("g x", {}, lambda g, x: g * sigmoid(x) * (1 + x * sigmoid(-x))),
    "softplus": ("x", {}, softplus),
    "softplus_grad": ("g x", {}, lambda g, x: g * sigmoid(x)),
    "log_sigmoid": ("x", {}, lambda x: -softplus(-x)),
    "log_sigmoid_grad": ("g x", {}, lambda g, x: g * sigmoid(-x)),
    "mish": ("x", {}, lambda x: x * np.tanh(softplus(x))),
    "mish_grad": ("g x", {}, lambda g, x: g * mish_slope(x)),
    "hardtanh": ("x", BOUNDS, np.clip),
    "hardtanh_grad": ("g x", BOUNDS, lambda g, x, a, b: np.where((x >= a) & (x <= b), g, 0)),
}
WITHIN_OTHERS = {"selu_alpha", "selu_scale", "gelu_tanh_u"}
AT_THE_OUTPUT = {"sigmoid_grad": sigmoid, "tanh_grad": np.tanh}  # these read y

SPECIAL = [0.0, -0.0, 1e-4, -1e-4, -1.0, 2.0, 20.0, -20.0, 88.0, -88.0, 1000.0, -1000.0]


def points(rng, dtype, size=1023):
    x = rng.normal(scale=3, size=size)
    x[: len(SPECIAL)] = SPECIAL[:size]
    return x.astype(dtype)


def run(xp, name, *arrays):
    names, params, _ = TABLE[name]
    kernel = kernels.elementwise("activations.cuh", name, names.split(), list(params))
    return kernel(*[xp.asarray(a) for a in arrays], *params.values())


def reference(name, *arrays):
    _, params, f = TABLE[name]
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return f(*[a.astype(np.float64) for a in arrays], *params.values())


def test_the_table_has_every_template():
    text = kernels.source("activations.cuh")
    assert set(re.findall(r"__device__ inline C (\w+)\(", text)) - WITHIN_OTHERS == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_values(xp, check, dtype, name):
    rng = np.random.default_rng(0)
    x = points(rng, dtype)
    if name in AT_THE_OUTPUT:
        with np.errstate(over="ignore"):
            x = AT_THE_OUTPUT[name](x.astype(np.float64)).astype(dtype)
    if TABLE[name][0].startswith("g"):
        g = rng.normal(size=x.shape).astype(dtype)
        got, want = run(xp, name, g, x), reference(name, g, x)
        # Slopes are differences of terms near 1, hence the scale of the cotangent.
        check(got, want, dtype, scale=np.abs(g.astype(np.float64)))
    else:
        got, want = run(xp, name, x), reference(name, x)
        # The tail of gelu has condition number x**2: rounding the argument of erfc is enlarged by that.
        check(got, want, dtype, ulps=8 + x.astype(np.float64) ** 2 if "gelu" in name else 8)
    assert np.isfinite(got.get().astype(np.float64)).all()


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][0] == "x"])
def test_nan_stays_nan(xp, name):
    nan = np.array([np.nan], np.float32)
    assert np.isnan(run(xp, name, nan).get()).all()


@pytest.mark.parametrize("name", [name for name in TABLE if "y" not in TABLE[name][0]])
def test_the_largest_numbers_give_no_nan(xp, name):
    largest = np.finfo(np.float32).max
    x = np.array([largest, -largest], np.float32)
    arrays = (np.ones_like(x), x) if TABLE[name][0].startswith("g") else (x,)
    assert not np.isnan(run(xp, name, *arrays).get()).any()
