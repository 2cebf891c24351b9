"""custom_root and fixed_point: derivatives of what a solver found."""

import itertools

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.testing import check_grads
from gpugrad.transforms.linear_solver import DENSE, gmres


def newton(g, x):
    """A solver that knows nothing of gpugrad but jvp; for functions of one number, or of each by itself."""
    for _ in range(60):
        x = x - g(x) / gg.jvp(g, (x,), (x * 0 + 1,))[1]
    return x


def root(a):
    return gg.custom_root(lambda x, a: x * x - a, newton, a * 0 + 1, a)


def grad_of(f):
    return gg.grad(f)


def tangent_of(f):
    return lambda a: gg.jvp(f, (a,), (1.0,))[1]


@pytest.mark.parametrize("modes", list(itertools.product((grad_of, tangent_of), repeat=3)))
def test_third_derivative_of_a_root_in_every_mix_of_modes(modes):
    f = root
    for mode in modes:
        f = mode(f)
    assert abs(float(f(2.0)) - 3 / 8 * 2**-2.5) < 1e-10


def test_arrays_of_the_device(xp):
    x = root(xp.asarray([1.0, 4.0, 9.0]))
    assert type(x) is xp.ndarray
    assert abs(x - xp.asarray([1.0, 2.0, 3.0])).max() < 1e-12
    g = gg.grad(lambda a: root(a).sum())(xp.asarray([1.0, 4.0, 9.0]))
    assert abs(g - xp.asarray([1 / 2, 1 / 4, 1 / 6])).max() < 1e-12


def test_dtype_is_that_of_the_start():
    a = gg.tensor([2.0, 3.0], dtype="float32", requires_grad=True)
    x = gg.custom_root(lambda x: x * x - a, newton, np.ones(2, "float32"))
    x.sum().backward()
    assert x.dtype == a.grad.dtype == np.float32
    np.testing.assert_allclose(a.grad.numpy(), 0.5 / np.sqrt([2, 3]), rtol=1e-5)


def test_closed_over_and_passed_tensors_and_pytrees():
    """A circle and a line: x**2 + y**2 = r, y = m x + c, with c closed over."""
    rng = np.random.default_rng(0)
    c = gg.tensor(rng.uniform(0.1, 0.2), requires_grad=True)

    def equations(at, line):
        return {"x": at["x"] ** 2 + at["y"] ** 2 - line["r"], "y": at["y"] - line["m"] * at["x"] - c}

    def by_hand(g, start):
        """Newton with the 2 x 2 matrix written out."""
        at = np.array([start["x"], start["y"]])
        for _ in range(30):
            columns = [
                gg.jvp(g, ({"x": at[0], "y": at[1]},), ({"x": float(k == 0), "y": float(k == 1)},))[1]
                for k in (0, 1)
            ]
            matrix = np.array([[float(column[name]) for column in columns] for name in "xy"])
            now = g({"x": at[0], "y": at[1]})
            at = at - np.linalg.solve(matrix, [float(now[name]) for name in "xy"])
        return {"x": at[0], "y": at[1]}

    def solution(line):
        return gg.custom_root(equations, by_hand, {"x": 1.0, "y": 1.0}, line)

    def closed_form(line, c):
        m, r = line["m"], line["r"]
        x = (-m * c + gg.sqrt(m * m * c * c - (1 + m * m) * (c * c - r))) / (1 + m * m)
        return {"x": x, "y": m * x + c}

    line = {"m": 0.5, "r": 2.0}
    check_grads(solution, (line,), order=2)
    at = solution(line)
    expected = closed_form(line, c)
    for name in "xy":
        (at[name] * at["x"]).backward(retain_graph=True)
        got, c.grad = c.grad.item(), None
        (expected[name] * expected["x"]).backward(retain_graph=True)
        np.testing.assert_allclose(got, c.grad.item(), rtol=1e-10)
        c.grad = None


@pytest.mark.parametrize("n", [5, DENSE + 20])
def test_fixed_point_of_a_layer(n):
    rng = np.random.default_rng(n)
    w, b = rng.normal(size=(n, n)) / n, rng.normal(size=n)
    check_grads(
        lambda w, b: gg.fixed_point(lambda x, w, b: gg.tanh(w @ x + b), np.zeros(n), w, b), (w, b), order=2
    )


def test_complex_and_not_holomorphic():
    a = np.array([0.3 + 0.2j, -0.1 + 0.4j])

    def f(x, a):
        return a + gg.sin(x) * gg.conj(x) * 0.2

    check_grads(lambda a: gg.fixed_point(f, np.zeros(2, complex), a), (a,), order=2)


def test_own_linear_solver_is_used():
    calls = []

    def by_numpy(product, b):
        calls.append(b.size)
        return np.linalg.solve(np.stack([product(e) for e in np.eye(b.size)], axis=1), b)

    f = gg.grad(
        lambda a: gg.fixed_point(lambda x, a: gg.cos(a * x), np.ones(3), a, linear_solve=by_numpy).sum()
    )
    assert (
        abs(f(0.5) - gg.grad(lambda a: 3 * gg.fixed_point(lambda x, a: gg.cos(a * x), 1.0, a))(0.5)) < 1e-12
    )
    assert calls == [3]


def test_nothing_of_the_solver_is_recorded():
    seen = []

    def watching(g, x):
        seen.append(gg.is_grad_enabled())
        x = np.sqrt(2.0) + x * 0
        seen.append(type(g(x)))
        return x

    gg.grad(lambda a: gg.custom_root(lambda x, a: x * x - a, watching, 1.0, a))(2.0)
    assert seen == [False, np.ndarray]


def test_half_precision():
    x = gg.fixed_point(lambda x, a: gg.cos(a * x), np.ones(3, "float16"), np.ones(3, "float16"))
    assert x.dtype == np.float16
    assert abs(x - 0.739).max() < 2e-3


# ---- linear systems ----


def test_gmres(xp):
    rng = np.random.default_rng(1)
    a = rng.normal(size=(200, 200)) / 10 + 3 * np.eye(200)
    b = rng.normal(size=200)
    matrix = xp.asarray(a)
    x = gmres(lambda v: matrix @ v, xp.asarray(b), "a test", 2.2e-16)
    assert type(x) is xp.ndarray
    assert abs(x - xp.asarray(np.linalg.solve(a, b))).max() < 1e-10
    assert not gmres(lambda v: matrix @ v, xp.zeros(200), "a test", 2.2e-16).any()


def test_gmres_says_that_it_failed():
    with pytest.raises(RuntimeError, match=r"a test: the linear system of 100 unknowns"):
        gmres(lambda v: np.roll(v, 1) * (np.arange(100) > 0), np.eye(1, 100)[0], "a test", 2.2e-16)


# ---- errors ----


def test_a_solver_that_did_not_converge():
    with pytest.raises(
        RuntimeError, match=r"custom_root of f did not converge: the largest residual is 1 .* tol="
    ):

        def f(x, a):
            return x * x - a

        gg.custom_root(f, lambda g, x: x, 1.0, 2.0)
    with pytest.raises(
        RuntimeError, match=r"fixed_point of <lambda> did not converge: the largest residual is nan"
    ):
        gg.fixed_point(lambda x: x * x + 1, 1.0)
    gg.custom_root(lambda x, a: x * x - a, lambda g, x: x, 1.0, 2.0, tol=2.0)


@pytest.mark.parametrize("n", [1, DENSE + 1])
def test_no_derivative_where_the_matrix_is_singular(n):
    """x**3 = a at 0."""
    with pytest.raises(RuntimeError, match=r"the derivative of custom_root of <lambda>.* singular"):
        gg.grad(lambda a: gg.custom_root(lambda x, a: x**3 - a, lambda g, x: x, np.zeros(n), a).sum())(
            np.zeros(n)
        )


def test_shapes_structures_and_dtypes_that_do_not_fit():
    with pytest.raises(
        ValueError, match=r"residual of custom_root of <lambda> has to have shape \(2,\), got \(\)"
    ):
        gg.custom_root(lambda x: x.sum(), lambda g, x: x, np.zeros(2))
    with pytest.raises(ValueError, match=r"what the solver returned .* has to have structure"):
        gg.custom_root(lambda x: x, lambda g, x: (x, x), np.zeros(2))
    with pytest.raises(TypeError, match=r"start of custom_root .* has to be of floats .* got dtype int64"):
        gg.custom_root(lambda x: x, lambda g, x: x, 1)


def test_closed_over_tensor_exchanged_before_the_gradient():
    a, b = gg.tensor(2.0, requires_grad=True), gg.tensor(2.0, requires_grad=True)
    which = [a]
    x = gg.custom_root(lambda x: x * x - which[0], newton, 1.0)
    which[0] = b
    with pytest.raises(RuntimeError, match=r"depends on other Tensors now"):
        x.backward()
