"""The optimisers' updates: NumPy against formulas in float64, the fused kernels against NumPy."""

import numpy as np
import pytest

from gpugrad.optim import updates

ADAM = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01}
TABLE = {  # name: the number of states, settings
    "sgd": (0, {"lr": 0.1, "weight_decay": 0.01}),
    "momentum": (1, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": False}),
    "nesterov": (1, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    "rmsprop": (1, {"lr": 0.1, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.01}),
    "adam": (2, ADAM),
    "adamw": (2, ADAM),
}
STEPS = 3


def update(case, p, g, state, step):
    settings = TABLE[case][1] | ({"step": step} if case.startswith("adam") else {})
    getattr(updates, "momentum" if case == "nesterov" else case)(p, g, *state, **settings)


def by_hand(case, p, gs):
    """The value of ``p`` after a step along each of ``gs``, from the textbook's formulas."""
    s = TABLE[case][1]
    m = v = np.zeros_like(p)
    for step, g in enumerate(gs, 1):
        if case == "adamw":
            p = p - s["lr"] * s["weight_decay"] * p
        else:
            g = g + s["weight_decay"] * p
        if case == "sgd":
            p = p - s["lr"] * g
        elif case in ("momentum", "nesterov"):
            m = s["momentum"] * m + g
            p = p - s["lr"] * (g + s["momentum"] * m if s["nesterov"] else m)
        elif case == "rmsprop":
            v = s["alpha"] * v + (1 - s["alpha"]) * g**2
            p = p - s["lr"] * g / (np.sqrt(v) + s["eps"])
        else:
            m = s["beta1"] * m + (1 - s["beta1"]) * g
            v = s["beta2"] * v + (1 - s["beta2"]) * g**2
            unbiased = m / (1 - s["beta1"] ** step), v / (1 - s["beta2"] ** step)
            p = p - s["lr"] * unbiased[0] / (np.sqrt(unbiased[1]) + s["eps"])
    return p


def inputs(case, shape, dtype):
    rng = np.random.default_rng(10)
    p, *gs = (rng.normal(size=shape).astype(dtype) for _ in range(1 + STEPS))
    wide = np.float32 if dtype.itemsize == 2 else dtype
    return p, gs, [np.zeros(shape, wide) for _ in range(TABLE[case][0])]


@pytest.mark.parametrize("case", TABLE)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (1023,), (3, 5)])
def test_numpy(check, dtype, case, shape):
    p, gs, state = inputs(case, shape, dtype)
    want = by_hand(case, p.astype(np.float64), [g.astype(np.float64) for g in gs])
    for step, g in enumerate(gs, 1):
        kept = g.copy()
        update(case, p, g, state, step)
        assert g.tobytes() == kept.tobytes()  # a gradient is not scratch space
    check(p, want, dtype, scale=2 * STEPS)  # every step rounds p once


LAYOUTS = {
    "contiguous": lambda a: a,
    "no dimensions": lambda a: a[:1, :1].reshape(()),
    "empty": lambda a: a[:0],
    "strided": lambda a: a[::2, ::-3],
    "transposed": lambda a: a.T,
}


@pytest.mark.parametrize("case", TABLE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_cuda_agrees_with_numpy(xp, check, dtype, case, layout):
    p, gs, state = inputs(case, (9, 8), dtype)
    view = LAYOUTS[layout]
    on_gpu = [xp.asarray(a) for a in (p, *state)]
    for step, g in enumerate(gs, 1):
        update(case, view(on_gpu[0]), view(xp.asarray(g)), [view(s) for s in on_gpu[1:]], step)
        update(case, view(p), view(g), [view(s) for s in state], step)
    for got, want in zip(on_gpu, (p, *state), strict=True):  # what the view leaves out stays as it was
        check(got, want, want.dtype, scale=2)
