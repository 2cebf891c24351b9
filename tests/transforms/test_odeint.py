"""odeint: solutions with a known form, and derivatives with respect to everything."""

import itertools

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.testing import check_grads

FINE = {"rtol": 1e-10, "atol": 1e-10}
TIMES = np.array([0.0, 0.3, 1.0])


def decay(y, t, k):
    return -k * y


def oscillator(y, t, w, push):
    return {"x": y["v"], "v": -w * w * y["x"] + gg.sin(t) * push.sum()}


# ---- solutions ----


@pytest.mark.parametrize("times", [TIMES, TIMES[::-1], [2.0], [0.0, 50.0]])
def test_exponential(xp, times):
    y = gg.odeint(decay, xp.asarray([1.0, 2.0]), times, 0.7, **FINE)
    assert type(y) is xp.ndarray
    expected = np.exp(-0.7 * (np.asarray(times) - times[0]))[:, None] * [1, 2]
    assert abs(y - xp.asarray(expected)).max() < 1e-8


def test_order_of_the_steps_follows_the_tolerance():
    errors, counts = [], []
    for tol in (1e-4, 1e-6, 1e-8, 1e-10):
        calls = [0]

        def f(y, t, calls=calls):
            calls[0] += 1
            return {"x": y["v"], "v": -y["x"]}

        y = gg.odeint(f, {"x": 1.0, "v": 0.0}, [0.0, 20.0], rtol=tol, atol=tol)
        errors.append(abs(float(y["x"][-1]) - np.cos(20)))
        counts.append(calls[0])
    assert all(e < 200 * tol for e, tol in zip(errors, (1e-4, 1e-6, 1e-8, 1e-10), strict=True))
    # A method of order 5 needs 100 ** (1 / 5) = 2.5 times the steps for a hundredth of the error.
    assert all(2 < b / a < 3 for a, b in itertools.pairwise(counts))


def test_explicit_time_pytrees_and_dtypes():
    y0 = {"x": np.ones((2, 1), "float32"), "z": [gg.tensor(1 + 1j)]}
    y = gg.odeint(lambda y, t: {"x": 2 * t * y["x"], "z": [1j * y["z"][0]]}, y0, TIMES, **FINE)
    assert y["x"].shape == (3, 2, 1)
    assert (y["x"].dtype, y["z"][0].dtype) == (np.float32, np.complex128)
    np.testing.assert_allclose(y["x"].numpy()[:, 0, 0], np.exp(TIMES**2), rtol=1e-6)
    np.testing.assert_allclose(y["z"][0].numpy(), (1 + 1j) * np.exp(1j * TIMES), rtol=1e-9)


def test_beside_scipy():
    solve_ivp = pytest.importorskip("scipy.integrate").solve_ivp

    def lotka(t, y):
        return np.array([1.5 * y[0] - y[0] * y[1], y[0] * y[1] - 3 * y[1]])

    times = np.linspace(0, 5, 9)
    y = gg.odeint(
        lambda y, t: gg.stack([1.5 * y[0] - y[0] * y[1], y[0] * y[1] - 3 * y[1]]),
        np.array([10.0, 5.0]),
        times,
        **FINE,
    )
    expected = solve_ivp(lotka, (0, 5), [10.0, 5.0], "DOP853", times, rtol=1e-12, atol=1e-12).y.T
    np.testing.assert_allclose(y, expected, rtol=1e-7)


# ---- derivatives ----


def last(k):
    return gg.odeint(decay, 1.0, TIMES, k, **FINE)[-1]


def tangent_of(f):
    return lambda k: gg.jvp(f, (k,), (1.0,))[1]


@pytest.mark.parametrize("modes", list(itertools.product((gg.grad, tangent_of), repeat=2)))
def test_second_derivative_in_every_mix_of_modes(modes):
    f = last
    for mode in modes:
        f = mode(f)
    assert abs(float(f(2.0)) - np.exp(-2)) < 1e-9


def test_third_derivative():
    assert abs(float(gg.grad(gg.grad(gg.grad(last)))(2.0)) + np.exp(-2)) < 1e-9


@pytest.mark.parametrize("times", [TIMES, TIMES[::-1].copy(), np.array([0.5])])
def test_start_times_and_arguments(times):
    y0 = {"x": np.array([1.0, 0.5]), "v": np.array([0.0, 1.0])}
    check_grads(
        lambda y0, t, w, push: gg.odeint(oscillator, y0, t, w, push, **FINE),
        (y0, times, np.array([1.0, 2.0]), np.ones(3)),
        order=1,
        rtol=1e-6,
        atol=1e-6,
    )


def test_second_order_with_respect_to_everything():
    def f(y, t, k):
        return -k * y * gg.cos(t)

    check_grads(
        lambda y0, t, k: gg.odeint(f, y0, t, k, **FINE),
        (np.array([1.0]), np.array([0.1, 0.7]), 1.3),
        order=2,
        rtol=1e-5,
        atol=1e-5,
    )


def test_complex():
    check_grads(
        lambda z0, k: gg.odeint(lambda z, t, k: 1j * k * z, z0, [0.0, 0.5], k, **FINE),
        (np.array(1 + 1j), np.array(2 + 0.5j)),
        order=2,
        rtol=1e-5,
        atol=1e-5,
    )


def test_closed_over_tensors(xp):
    """A leaf, and a tensor computed from another leaf before."""
    w = gg.tensor(xp.asarray([0.5, 1.5]), requires_grad=True)
    b = gg.tensor(xp.asarray(0.3), requires_grad=True)
    c = b * b

    y = gg.odeint(lambda y, t: -w * y + c, gg.tensor(xp.ones(2)), TIMES, **FINE)
    assert type(y) is gg.Tensor
    y[-1].sum().backward()

    def closed_form(w, b):
        return (gg.exp(-w) + b * b / w * (1 - gg.exp(-w))).sum()

    gw, gb = gg.grad(closed_form, argnums=(0, 1))(w.detach(), b.detach())
    assert abs(w.grad.data - gw.data).max() < 1e-8
    assert abs(b.grad.data - gb.data) < 1e-8


def test_gradient_keeps_the_dtype():
    w = gg.tensor([0.5, 1.5], dtype="float32", requires_grad=True)
    y = gg.odeint(lambda y, t: -w * y, np.ones(2, "float32"), TIMES)
    y[-1].sum().backward()
    assert y.dtype == w.grad.dtype == np.float32
    np.testing.assert_allclose(w.grad.numpy(), -np.exp(-w.numpy()), rtol=1e-4)


def test_a_function_that_binds_its_arguments_anew():
    def f(y, t, k):
        k *= 2
        return -k * y

    k = gg.tensor(1.0)
    y = gg.odeint(f, 1.0, TIMES, k, **FINE)
    np.testing.assert_allclose(y.numpy(), np.exp(-2 * TIMES), rtol=1e-8)
    assert k.item() == 1


def test_under_no_grad_nothing_is_recorded():
    k = gg.tensor(1.0, requires_grad=True)
    with gg.no_grad():
        y = gg.odeint(decay, 1.0, TIMES, k)
    assert not y.requires_grad


def test_constant_slope_and_start_that_is_all():
    np.testing.assert_allclose(gg.odeint(lambda y, t: np.ones(2), np.zeros(2), [0.0, 1.0]), [[0, 0], [1, 1]])
    assert gg.grad(lambda y0: gg.odeint(lambda y, t: 0 * y + 1, y0, [0.0, 1.0])[-1])(3.0) == 1


# ---- errors ----


@pytest.mark.parametrize("times", [[0.0, 1.0, 1.0], [0.0, 1.0, 0.5], [], [[0.0, 1.0]], 1.0])
def test_times_that_do_not_rise_or_fall(times):
    with pytest.raises(
        ValueError, match=r"odeint of decay takes times as a vector that rises or falls all the way"
    ):
        gg.odeint(decay, 1.0, times, 1.0)


def test_slopes_of_another_shape_or_structure():
    with pytest.raises(ValueError, match=r"slope of odeint of <lambda> has to have shape \(2,\), got \(\)"):
        gg.odeint(lambda y, t: y.sum(), np.ones(2), TIMES)
    with pytest.raises(ValueError, match=r"slope of odeint of <lambda> has to have structure"):
        gg.odeint(lambda y, t: (y, y), np.ones(2), TIMES)
    with pytest.raises(
        TypeError, match=r"slope of odeint of <lambda> has to have dtype float64, got complex128"
    ):
        gg.odeint(lambda y, t: 1j * y, np.ones(2), TIMES)
    with pytest.raises(TypeError, match=r"start of odeint of decay has to be of floats .* got dtype int64"):
        gg.odeint(decay, 1, TIMES, 1.0)


def test_a_pole():
    """y' = y**2 from 1 ends at t = 1."""
    with pytest.raises(RuntimeError, match=r"odeint cannot go on at t=(1|0.999)"):
        gg.odeint(lambda y, t: y * y, 1.0, [0.0, 2.0])
    with pytest.raises(
        RuntimeError, match=r"odeint took 11 steps .* on its way to 2; the equation may be stiff"
    ):
        gg.odeint(lambda y, t: y * y, 1.0, [0.0, 2.0], max_steps=10)
    with pytest.raises(
        RuntimeError, match=r"odeint cannot start: the slope at t=0 has values that are not finite"
    ):
        gg.odeint(lambda y, t: y / 0.0, 1.0, [0.0, 2.0])


def test_a_tensor_that_only_some_times_depend_on():
    k, extra = gg.tensor(1.0, requires_grad=True), gg.tensor(1.0, requires_grad=True)
    y = gg.odeint(lambda y, t: -k * y * (extra if 0.3 < t < 0.6 else 1.0), 1.0, [0.0, 1.0])
    with pytest.raises(RuntimeError, match=r"depends on a Tensor that it did not depend on at the first and"):
        y[-1].backward()
