"""Every optimiser against the recurrence that PyTorch documents for it, written out here in NumPy."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad import optim

STEPS, LR = 12, 0.05


def sgd(p, grad, *, momentum=0.0, nesterov=False, weight_decay=0.0):
    b = None
    for _ in range(STEPS):
        g = grad(p) + weight_decay * p
        if momentum:
            b = g if b is None else momentum * b + g
            g = g + momentum * b if nesterov else b
        p = p - LR * g
    return p


def rmsprop(p, grad, *, alpha=0.99, eps=1e-8, weight_decay=0.0):
    v = np.zeros_like(p)
    for _ in range(STEPS):
        g = grad(p) + weight_decay * p
        v = alpha * v + (1 - alpha) * g**2
        p = p - LR * g / (np.sqrt(v) + eps)
    return p


def adam(p, grad, *, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t in range(1, STEPS + 1):
        g = grad(p)
        if decoupled:
            p = p - LR * weight_decay * p
        else:
            g = g + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        p = p - LR * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return p


def adamw(p, grad, *, weight_decay=1e-2, **settings):
    return adam(p, grad, weight_decay=weight_decay, decoupled=True, **settings)


CASES = [
    (optim.SGD, sgd, {}),
    (optim.SGD, sgd, {"weight_decay": 0.1}),
    (optim.SGD, sgd, {"momentum": 0.9}),
    (optim.SGD, sgd, {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    (optim.RMSProp, rmsprop, {}),
    (optim.RMSProp, rmsprop, {"alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    (optim.Adam, adam, {}),
    (optim.Adam, adam, {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    (optim.AdamW, adamw, {}),
    (optim.AdamW, adamw, {"weight_decay": 0.3, "betas": (0.5, 0.9)}),
]


@pytest.fixture
def start():
    return np.random.default_rng(0).normal(size=(3, 5))


def loss(p):
    return ((p * p - 1.0) ** 2).sum() / 4  # gradient p (p^2 - 1)


def train(optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        sum(loss(p) for p in optimizer.parameters).backward()
        optimizer.step()


@pytest.mark.parametrize(("make", "reference", "settings"), CASES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_follows_the_documented_recurrence(device, start, make, reference, settings, dtype, tolerance):
    p = gg.tensor(start, dtype=dtype, device=device, requires_grad=True)
    train(make([p], lr=LR, **settings), STEPS)
    assert p.dtype == dtype
    expected = reference(start.astype(dtype).astype(np.float64), lambda p: p * (p * p - 1), **settings)
    np.testing.assert_allclose(p.to("cpu").numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("make", "reference", "settings"), CASES)
def test_a_restored_state_continues_bit_for_bit(start, make, reference, settings):
    straight = gg.tensor(start, requires_grad=True)
    train(make([straight], lr=LR, **settings), 9)

    first = gg.tensor(start, requires_grad=True)
    optimizer = make([first], lr=LR, **settings)
    train(optimizer, 4)
    state = optimizer.state_dict()
    train(optimizer, 1)  # what was saved must not follow
    second = gg.tensor(restart(start, make, settings), requires_grad=True)
    optimizer = make([second], lr=LR, **settings)
    optimizer.load_state_dict(state)
    train(optimizer, 5)
    np.testing.assert_array_equal(second.numpy(), straight.numpy())


def restart(start, make, settings):
    p = gg.tensor(start, requires_grad=True)
    train(make([p], lr=LR, **settings), 4)
    return p.numpy()


def test_state_is_named_host_arrays(start):
    p, q = (gg.tensor(start, requires_grad=True) for _ in range(2))
    optimizer = optim.Adam([p, q])
    loss(p).backward()
    optimizer.step()
    state = optimizer.state_dict()
    assert set(state) == {"step", "m.0", "v.0", "m.1", "v.1"}
    assert all(type(array) is np.ndarray for array in state.values())
    assert state["step"].tolist() == [1, 0]  # a parameter without a gradient has made no step


def test_parameter_without_gradient_stays(start):
    p = gg.tensor(start, requires_grad=True)
    optim.AdamW([p]).step()
    np.testing.assert_array_equal(p.numpy(), start)


def test_backward_after_a_step_on_an_old_graph_is_refused(start):
    p = gg.tensor(start, requires_grad=True)
    y = (p * p).sum()
    y.backward(retain_graph=True)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"step": np.zeros(1)}, r"lacks m\.0, v\.0"),
        (
            {"step": np.zeros(1), "m.0": np.zeros(2), "v.0": np.zeros((3, 5))},
            r"m\.0 has shape \(2,\), expected \(3, 5\)",
        ),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(start, state, message):
    optimizer = optim.Adam([gg.tensor(start, requires_grad=True)])
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert optimizer.state_dict()["step"].tolist() == [0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: optim.Adam([p], lr=-1), "lr must not be negative"),
        (lambda p: optim.Adam([p], betas=(0.9, 1.0)), "beta2 must be at least 0 and below 1"),
        (lambda p: optim.SGD([p], lr=0.1, nesterov=True), "nesterov=True needs a momentum"),
        (lambda p: optim.SGD([], lr=0.1), "needs parameters, got none"),
        (lambda p: optim.SGD([p, p], lr=0.1), "twice"),
    ],
)
def test_wrong_settings(start, make, message):
    with pytest.raises(ValueError, match=message):
        make(gg.tensor(start, requires_grad=True))


@pytest.mark.parametrize(("make", "settings"), [(optim.SGD, {"momentum": 0.9}), (optim.Adam, {})])
def test_half_parameters_keep_their_state_in_float32(device, make, settings):
    p = gg.tensor(np.full(4, 3e-4), dtype=np.float16, device=device, requires_grad=True)
    optimizer = make([p], lr=LR, **settings)
    (p * p).sum().backward()
    optimizer.step()
    assert p.dtype == np.float16 and np.isfinite(p.to("cpu").numpy()).all()
    kept = {name: array for name, array in optimizer.state_dict().items() if name != "step"}
    assert all(array.dtype == np.float32 and (array != 0).all() for array in kept.values())


def test_squares_of_complex_gradients_are_refused(start):
    p = gg.tensor(start + 1j, requires_grad=True)
    with pytest.raises(TypeError, match="Adam takes real parameters, got dtype complex128"):
        optim.Adam([p])


def test_computed_tensors_are_refused(start):
    p = gg.tensor(start, requires_grad=True)
    with pytest.raises(TypeError, match="leaf tensors made with requires_grad=True"):
        optim.SGD([p * 2], lr=0.1)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
def test_the_rate_may_be_an_array_of_one_number(make):
    found = []
    for rate in (0.125, np.array(0.125)):
        p = gg.tensor(np.ones(3), requires_grad=True, device="cpu")
        p.grad = gg.tensor(np.full(3, 2.0), device="cpu")
        make([p], lr=rate).step()
        found.append(p.numpy())
    np.testing.assert_array_equal(*found)
