"""The worked examples of lectures on backpropagation, by the public face, with the numbers they print."""

import math

import numpy as np
import pytest

import gpugrad as gg


def gradients(f, *points, device="cpu"):
    """Value and gradients of ``f`` by ``backward``; those of ``grad`` have to agree."""
    leaves = [gg.tensor(p, dtype="float64", device=device, requires_grad=True) for p in points]
    y = f(*leaves)
    y.backward()
    found = [leaf.grad.numpy() for leaf in leaves]
    again = gg.grad(f, tuple(range(len(points))))(*[leaf.detach() for leaf in leaves])
    for a, b in zip(found, again, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-14)
    return y.item(), *found


# ---- circuits ----


@pytest.mark.parametrize(
    ("f", "point", "value", "expected"),
    [
        # q = x + y = 3, f = q z: df/dz = q, df/dx = df/dy = z.
        (lambda x, y, z: (x + y) * z, (-2, 5, -4), -12, (-4, -4, 3)),
        # a = x + y = 3, b = max(y, z) = 2: df/dx = b, df/dy = b + a, df/dz = 0.
        (lambda x, y, z: (x + y) * gg.maximum(y, z), (1, 2, 0), 6, (2, 5, 0)),
        (lambda a, b, c: (a + b) * c, (7, 3, 2), 20, (2, 2, 10)),
        # e = c d with c = a + b and d = b^3: de/da = d, de/db = d + c 3 b^2, along two paths.
        (lambda a, b: (a + b) * b**3, (7, 3), 270, (27, 297)),
    ],
)
def test_circuits(device, f, point, value, expected):
    assert gradients(f, *point, device=device) == (value, *expected)


def test_a_sigmoid_neuron():
    """s = 1 / (1 + exp(-(w0 x0 + w1 x1 + w2))) = 0.73: the gradient is s (1 - s) (x0, w0, x1, w1, 1)."""

    def neuron(w0, x0, w1, x1, w2):
        return 1 / (1 + gg.exp(-(w0 * x0 + w1 * x1 + w2)))

    value, *found = gradients(neuron, 2, -1, -3, -2, -3)
    assert round(value, 2) == 0.73
    assert [round(float(g), 2) for g in found] == [-0.20, 0.39, -0.39, -0.59, 0.20]


# ---- a network of two layers ----

W0, W1 = np.array([[1.0, -3.0], [0.2, 1.0]]), np.array([1.0, -1.0])
X, TARGET, RATE = np.array([1.0, 0.1]), 0.5, 0.2


def test_one_step_of_gradient_descent(device):
    """y = tanh(W1 h), h = tanh(W0 x), E = (y - t)^2 / 2.

    h = (tanh 0.7, tanh 0.3) = (0.60437, 0.29131), y = tanh(0.31306) = 0.30321, E = 0.019362;
    delta = (y - t)(1 - y^2) = -0.17869, dE/dW1 = delta h, dE/dW0 = (delta W1 (1 - h^2)) x^T.
    """
    w0, w1 = (gg.tensor(w, device=device, requires_grad=True) for w in (W0, W1))
    x = gg.tensor(X, device=device)

    def error():
        y = gg.tanh(w1 @ gg.tanh(w0 @ x))
        return 0.5 * (y - TARGET) ** 2

    before = error()
    before.backward()
    h = np.tanh([0.7, 0.3])
    y = math.tanh(h[0] - h[1])
    delta = (y - TARGET) * (1 - y * y)
    np.testing.assert_allclose(before.item(), 0.5 * (y - TARGET) ** 2, rtol=1e-13)
    np.testing.assert_allclose(w1.grad.numpy(), delta * h, rtol=1e-13)
    np.testing.assert_allclose(w0.grad.numpy(), np.outer(delta * W1 * (1 - h * h), X), rtol=1e-13)
    with gg.no_grad():
        w0 -= RATE * w0.grad
        w1 -= RATE * w1.grad
    np.testing.assert_allclose(w0.numpy(), [[1.02268, -2.99773], [0.16729, 0.99673]], atol=5e-6)
    np.testing.assert_allclose(w1.numpy(), [1.02160, -0.98959], atol=5e-6)
    assert round(before.item(), 6) == 0.019362
    assert round(error().item(), 6) == 0.010157


def test_relu_layer_and_squared_norm(device):
    """L = |Y|^2, Y = R W2, R = relu(X W1): dL/dW2 = 2 R^T Y, dL/dW1 = X^T (2 Y W2^T where X W1 > 0)."""
    x = np.array([[1.0, -2.0], [3.0, 0.5]])
    w1 = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 1.0]])
    w2 = np.array([[1.0, -1.0], [2.0, 0.5], [-1.0, 3.0]])
    on_device = gg.tensor(x, device=device)
    value, g1, g2 = gradients(lambda a, b: gg.square(gg.relu(on_device @ a) @ b).sum(), w1, w2, device=device)
    z = x @ w1
    r = np.maximum(z, 0)
    y = r @ w2
    assert value == (y * y).sum()
    np.testing.assert_allclose(g2, 2 * r.T @ y, rtol=1e-13)
    np.testing.assert_allclose(g1, x.T @ (2 * y @ w2.T * (z > 0)), rtol=1e-13)


# ---- matrix calculus ----

RNG = np.random.default_rng(0)
M, V, U = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=3)


def jacobian(f, x):
    """Rows: gradients of the components of ``f``."""
    value, pull = gg.vjp(f, x)
    return np.array([pull(row)[0] for row in np.eye(value.size)])


def test_jacobians():
    np.testing.assert_allclose(jacobian(lambda x: M @ x, V), M)  # y = W x
    np.testing.assert_allclose(jacobian(lambda x: x @ M, U), M.T)  # z = x W
    np.testing.assert_allclose(jacobian(lambda z: gg.tanh(z), V), np.diag(1 - np.tanh(V) ** 2), atol=1e-16)
    np.testing.assert_allclose(
        jacobian(gg.sigmoid, V), np.diag(np.exp(-V) / (1 + np.exp(-V)) ** 2), atol=1e-16
    )
    np.testing.assert_array_equal(jacobian(lambda z: z, V), np.eye(4))


def test_the_inner_product_with_a_hidden_layer():
    """s = u^T h: ds/du = h^T, ds/dh = u^T."""
    h = RNG.normal(size=3)
    _, gu, gh = gradients(lambda u, h: gg.dot(u, h), U, h)
    np.testing.assert_array_equal(gu, h)
    np.testing.assert_array_equal(gh, U)


def test_the_gradient_of_a_matrix_is_an_outer_product():
    """y = W x and z = x W under a cotangent d: dW = d x^T and x^T d."""
    _, gw = gradients(lambda w: gg.dot(w @ gg.tensor(V), gg.tensor(U)), M)
    np.testing.assert_allclose(gw, np.outer(U, V))
    _, gw = gradients(lambda w: gg.dot(gg.tensor(U) @ w, gg.tensor(V)), M)
    np.testing.assert_allclose(gw, np.outer(U, V))


def test_a_score_with_one_hidden_layer():
    """s = u^T f(W x + b): ds/db = u * f'(z), ds/dW = (u * f'(z)) x^T."""
    b = RNG.normal(size=3)
    _, gw, gb = gradients(lambda w, b: gg.dot(gg.tensor(U), gg.tanh(w @ gg.tensor(V) + b)), M, b)
    delta = U * (1 - np.tanh(M @ V + b) ** 2)
    np.testing.assert_allclose(gb, delta)
    np.testing.assert_allclose(gw, np.outer(delta, V))


def test_a_quadratic_form():
    """d(w^T A w)/dw = w^T (A + A^T)."""
    a, w = RNG.normal(size=(4, 4)), V
    _, g = gradients(lambda w: w @ gg.tensor(a) @ w, w)
    np.testing.assert_allclose(g, w @ (a + a.T), rtol=1e-13)
    g = gg.grad(lambda w: np.dot(w, np.dot(a, w)))(w)
    np.testing.assert_allclose(g, w @ (a + a.T), rtol=1e-13)


# ---- logistic models ----


def test_the_logistic_loss_of_one_example(device):
    """-log s(w^T x) has the gradient -(1 - s) x^T."""
    w, x = np.array([0.5, -1.0, 2.0]), np.array([1.0, 3.0, 0.25])
    value, g, _ = gradients(lambda w, x: -gg.log(gg.sigmoid(gg.dot(w, x))), w, x, device=device)
    s = 1 / (1 + math.exp(2))  # w^T x = -2
    assert round(value, 4) == 2.1269
    np.testing.assert_allclose(g, -(1 - s) * x, rtol=1e-13)


def test_regularised_sigmoid_regression(device):
    """z = w x + b, y = s(z), J = (y - t)^2 / 2 + k w^2 / 2.

    dJ/dw = (y - t) y (1 - y) x + k w, dJ/db = (y - t) y (1 - y).
    """
    x, t, k = 2.0, 1.0, 0.1
    value, gw, gb = gradients(
        lambda w, b: 0.5 * (gg.sigmoid(w * x + b) - t) ** 2 + k / 2 * w**2, 0.5, -0.5, device=device
    )
    y = 1 / (1 + math.exp(-0.5))
    np.testing.assert_allclose(value, (y - t) ** 2 / 2 + k / 8, rtol=1e-14)
    np.testing.assert_allclose(gb, (y - t) * y * (1 - y), rtol=1e-13)
    np.testing.assert_allclose(gw, (y - t) * y * (1 - y) * x + k * 0.5, rtol=1e-13)


def test_logistic_regression_in_plain_numpy():
    """A hundred steps down the gradient of a function that knows nothing of gpugrad.

    By hand the gradient of -log likelihood is X^T (p - t); the loss starts at 4 log 2.
    """
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = np.array([True, True, False, True])

    def predicted(w):
        return 0.5 * (np.tanh(np.dot(inputs, w) / 2) + 1)

    def loss(w):
        p = predicted(w)
        return -np.sum(np.log(np.where(targets, p, 1 - p)))

    slope = gg.grad(loss)
    w, by_hand = np.zeros(3), np.zeros(3)
    assert round(loss(w), 4) == 2.7726
    for _ in range(100):
        w -= 0.01 * slope(w)
        by_hand -= 0.01 * inputs.T @ (predicted(by_hand) - targets)
    np.testing.assert_allclose(w, by_hand, rtol=1e-12)
    assert loss(w) < 1.1
    assert (np.round(predicted(w)) == targets).all()
