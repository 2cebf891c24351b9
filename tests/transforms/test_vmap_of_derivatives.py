"""vmap with derivatives inside and outside: per-example gradients, Jacobians, no perturbation confused."""

from itertools import pairwise

import numpy as np
import pytest
from table.running import host, placed

import gpugrad as gg

rng = np.random.default_rng(0)
X, W, V = rng.normal(size=(3, 4)), rng.normal(size=(4, 5)), rng.normal(size=(2, 4))


def near(got, want):
    np.testing.assert_allclose(host(got), host(want), rtol=1e-10, atol=1e-12)


# ---- per-example gradients ----


def network(parameters, x, label):
    for w, b in parameters[:-1]:
        x = gg.tanh(x @ w + b)
    w, b = parameters[-1]
    return gg.softmax_cross_entropy(x @ w + b, label)


@pytest.fixture
def problem(device):
    sizes = (4, 6, 6, 3)
    parameters = [(rng.normal(size=pair), rng.normal(size=pair[1])) for pair in pairwise(sizes)]
    return placed((parameters, X, np.array([0, 2, 1])), device)


def test_gradients_of_each_example(problem):
    parameters, x, labels = problem
    each = gg.vmap(gg.grad(network), (None, 0, 0))(parameters, x, labels)
    whole = gg.grad(lambda p: network(p, x, labels))(parameters)
    for i in range(3):
        alone = gg.grad(network)(parameters, x[i], labels[i : i + 1].reshape(()))
        for got, want in zip(each, alone, strict=True):
            near(got[0][i], want[0])
            near(got[1][i], want[1])
    for got, want in zip(each, whole, strict=True):
        near(got[0].mean(0), want[0])


def test_closed_form():
    """The gradient of (x @ w - y)**2 with respect to w is 2 (x @ w - y) x."""
    w, y = W[:, 0], rng.normal(size=3)
    near(
        gg.vmap(gg.grad(lambda w, x, y: (x @ w - y) ** 2), (None, 0, 0))(w, X, y),
        2 * (X @ w - y)[:, None] * X,
    )


def test_value_and_aux():
    f = gg.value_and_grad(lambda x: ((x**3).sum(), {"x": x, "n": 2.0}), has_aux=True)
    (value, aux), g = gg.vmap(f)(X)
    near(value, (X**3).sum(1))
    near(aux["x"], X)
    near(aux["n"], np.full(3, 2.0))
    near(g, 3 * X**2)


def test_an_argument_that_is_not_used():
    a, b = gg.vmap(gg.grad(lambda x, y: x.sum(), (0, 1)), (0, None))(X, W)
    near(a, np.ones((3, 4)))
    near(b, np.zeros((3, 4, 5)))


def test_through_steps_of_descent(device):
    """Gradients through gradients, of each example, through a Python loop."""

    def steps(x):
        w = x * 0
        for _ in range(3):
            w = w - 0.1 * gg.grad(lambda w: ((w - x) ** 2).sum())(w)
        return w

    near(gg.vmap(steps)(placed(X, device)), X * (1 - 0.8**3))
    near(gg.grad(lambda x: gg.vmap(steps)(x).sum())(placed(X, device)), np.full_like(X, 1 - 0.8**3))


# ---- the sweeps of vjp and jvp ----


def jacobian(x):
    """Of tanh(x @ W) * x[0]."""
    y = np.tanh(x @ W)
    return (1 - y**2)[:, None] * W.T * x[0] + y[:, None] * np.eye(4)[0]


def g(x):
    return gg.tanh(x @ gg.tensor(W, device=x.device)) * x[0]


def test_rows_and_columns_of_a_jacobian(device):
    x = placed(X[0], device)
    _, pull = gg.vjp(g, x)
    near(gg.vmap(pull)(placed(np.eye(5), device))[0], jacobian(X[0]))
    columns = gg.vmap(lambda t: gg.jvp(g, (x,), (t,))[1], out_axes=1)(placed(np.eye(4), device))
    near(columns, jacobian(X[0]))


def test_pull_with_a_recorded_sweep():
    x = gg.tensor(X[0], requires_grad=True)
    _, pull = gg.vjp(g, x)
    rows = gg.vmap(pull)(np.eye(5))[0]
    assert rows.requires_grad
    (rows**2).sum().backward()
    want = gg.grad(lambda x: sum((gg.grad(lambda x, k=k: g(x)[k])(x) ** 2).sum() for k in range(5)))(X[0])
    near(x.grad, want)


def test_cotangents_that_require_grad():
    c = gg.tensor(np.eye(5), requires_grad=True)
    _, pull = gg.vjp(g, X[0])
    gg.vmap(pull)(c)[0].sum().backward()
    near(c.grad, np.repeat(jacobian(X[0]).sum(1)[:, None], 5, 1).T * 0 + jacobian(X[0]).sum(1))


def test_hessians_of_each_example():
    def f(x):
        return (gg.sin(x) * x.sum()).sum()

    def columns(x):
        return gg.vmap(lambda t: gg.jvp(gg.grad(f), (x,), (t,))[1], out_axes=1)(np.eye(4))

    for got, x in zip(gg.vmap(columns)(X), X, strict=True):
        cross = np.cos(x)[:, None] + np.cos(x)
        near(got, cross + np.diag(-np.sin(x) * x.sum()))


def test_vmap_inside_forward_mode():
    near(gg.jvp(gg.vmap(lambda x: gg.sin(x).sum()), (X,), (X,))[1], (np.cos(X) * X).sum(1))


def energy(w, x):
    return (gg.tanh(x @ w) ** 2).sum()


def test_with_checkpoint():
    """A checkpoint inside of vmap keeps the graph of outer derivatives beneath the batch."""
    each = gg.vmap(gg.grad(energy), (None, 0))(W, X)
    near(gg.vmap(gg.grad(gg.checkpoint(energy)), (None, 0))(W, X), each)
    for f in (gg.vmap(gg.checkpoint(energy), (None, 0)), gg.checkpoint(gg.vmap(energy, (None, 0)))):
        near(gg.grad(lambda w, f=f: f(w, X).sum())(W), each.sum(0))
    squares = lambda f: gg.grad(lambda w: (gg.vmap(gg.grad(f), (None, 0))(w, X) ** 2).sum())(W)  # noqa: E731
    near(squares(gg.checkpoint(energy)), squares(energy))


def test_in_a_program():
    """A program has the calls on whole batches, those of an inner sweep too."""
    text = str(gg.make_graph(gg.vmap(gg.grad(energy), (None, 0)))(W, X))
    assert "tanh(" in text and "tanh_grad(" in text and "(3, 4, 5)" in text


# ---- perturbations ----

NUMBERS = np.array([1.0, 2.0, 3.0])


def test_the_known_counterexample_for_each_example():
    """d/dx [x * d/dy (x + y)] is 1."""
    inner = lambda x: x * gg.grad(lambda y: x + y)(1.0)  # noqa: E731
    near(gg.vmap(gg.grad(inner))(NUMBERS), np.ones(3))
    near(gg.grad(lambda xs: gg.vmap(inner)(xs).sum())(NUMBERS), np.ones(3))


def test_a_graph_beneath_and_one_on_top():
    """The inner derivative is that of each example, the outer one sees every example."""
    f = lambda x: (gg.vmap(lambda y: gg.grad(lambda z: x * z * z * y)(y))(NUMBERS)).sum()  # noqa: E731
    assert f(3.0) == 3 * 2 * (NUMBERS**2).sum()
    assert gg.grad(f)(3.0) == 2 * (NUMBERS**2).sum()
    forward = gg.jvp(f, (3.0,), (1.0,))[1]
    assert forward == 2 * (NUMBERS**2).sum()


def test_a_shared_argument_is_differentiated_for_each_example():
    f = gg.vmap(gg.grad(lambda w, x: (w * w * x).sum()), (None, 0))
    near(f(3.0, NUMBERS), 6 * NUMBERS)
    near(gg.grad(lambda w: (f(w, NUMBERS) ** 2).sum())(3.0), (2 * 6 * NUMBERS * 2 * NUMBERS).sum())


def test_what_is_computed_from_an_outer_variable_inside():
    """``w * 2`` is made inside of vmap and belongs to the outer graph all the same."""
    w = gg.tensor(2.0, requires_grad=True)
    gg.vmap(lambda x: gg.grad(lambda z: z * z * (w * 2) * x)(x))(NUMBERS).sum().backward()
    near(w.grad, 4 * (NUMBERS**2).sum())


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_alternating(depth):
    """vmap(grad(vmap(grad(...)))) of exp, in which nothing may be lost or counted twice."""

    def nested(k, scale):
        if not k:
            return lambda x: gg.exp(scale * x)
        return lambda x: gg.vmap(gg.grad(nested(k - 1, scale)))(x + 0 * NUMBERS).sum()

    x = 0.3
    want = 3.0**depth * 2.0**depth * np.exp(2 * x)
    near(nested(depth, 2.0)(x), want)
    near(gg.grad(lambda s: nested(depth, s)(x))(2.0), want * (depth / 2 + x))


def test_complex_gradients_of_each_example():
    z = X + 1j * X[::-1]
    near(gg.vmap(gg.grad(lambda z: (abs(z) ** 2).sum()))(z), 2 * z)
    near(gg.grad(lambda z: gg.vmap(lambda z: (abs(z) ** 2).sum())(z).sum())(z), 2 * z)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_dtypes_are_kept(dtype, device):
    x = placed(X.astype(dtype), device)
    for f in (gg.vmap(gg.grad(lambda x: (gg.tanh(x) * 2.0).sum())), gg.vmap(lambda x: x.mean() + 1)):
        assert f(x).dtype == dtype
