"""Complex gradients point uphill, at every order and by every way."""

import numpy as np
import pytest

import gpugrad as gg

RNG = np.random.default_rng(0)
Z, V = (RNG.normal(size=3) + 1j * RNG.normal(size=3) for _ in range(2))


def f(z):
    """A real function that is holomorphic in no part."""
    product = z * gg.conj(z[::-1]) * 1j
    return gg.real(gg.exp(z) * z).sum() + gg.square(gg.abs(z * z)).sum() + gg.imag(product * z).sum()


def uphill(f, z, h=1e-6):
    """df/dRe + i df/dIm by central differences."""
    steps = h * np.eye(len(z))
    real = [(f(z + e) - f(z - e)) / (2 * h) for e in steps]
    imag = [(f(z + 1j * e) - f(z - 1j * e)) / (2 * h) for e in steps]
    return np.array(real) + 1j * np.array(imag)


def along_v(z):
    """The slope of ``f`` in the direction V, from its gradient."""
    return gg.real(gg.grad(f)(z) * V.conj()).sum()


@pytest.mark.parametrize("g", [f, along_v, lambda z: gg.jvp(f, (z,), (V,))[1]])
def test_central_differences(g):
    np.testing.assert_allclose(gg.grad(g)(Z), uphill(g, Z), rtol=1e-7, atol=1e-8)


def test_forward_over_reverse():
    h = 1e-6
    _, t = gg.jvp(gg.grad(f), (Z,), (V,))
    np.testing.assert_allclose(
        t, (gg.grad(f)(Z + h * V) - gg.grad(f)(Z - h * V)) / (2 * h), rtol=1e-7, atol=1e-8
    )


def test_backward_twice():
    z = gg.tensor(Z, requires_grad=True)
    f(z).backward(create_graph=True)
    g, z.grad = z.grad, None
    gg.real(g * V.conj()).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), gg.grad(along_v)(Z), rtol=1e-13)


def test_descent():
    z = gg.tensor(Z, requires_grad=True)
    for _ in range(200):
        z.grad = None
        gg.square(gg.abs(z - V)).sum().backward()
        with gg.no_grad():
            z -= 0.1 * z.grad
    np.testing.assert_allclose(z.numpy(), V, rtol=1e-12)


def test_a_real_parameter_of_a_complex_computation():
    """|r^2 w|^2 = r^4 |w|^2, twice differentiated 12 r^2 |w|^2, all in real dtypes."""
    r = gg.tensor([0.3, 0.4, 0.5], requires_grad=True)
    gg.square(gg.abs(r * r * Z)).sum().backward(create_graph=True)
    g, r.grad = r.grad, None
    assert g.dtype == np.float64
    g.sum().backward()
    assert r.grad.dtype == np.float64
    np.testing.assert_allclose(r.grad.numpy(), 12 * r.numpy() ** 2 * abs(Z) ** 2, rtol=1e-12)


def test_the_single_precision_exponential_has_numpys_infinities_and_nans():
    inf, nan = np.inf, np.nan
    special = [complex(a, b) for a in (-inf, inf, nan, -200.0, 88.9, 0.0) for b in (0.0, 1.57, inf, nan)]
    x = np.array(special, "complex64")
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(gg.exp(x), np.exp(x))
        for one in x:  # each by itself, so that none goes NumPy's way because of another
            np.testing.assert_allclose(gg.exp(one), np.exp(one), rtol=1e-6)
