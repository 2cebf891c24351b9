"""The bridge to scipy.optimize.minimize."""

import sys

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.optimize import minimize

START = {"x": np.array([1.3, 0.7, 0.8, 1.9]), "y": [0.0]}


def rosen(p, k=100.0):
    """Least, 0, at x = 1 and y = 3."""
    x = p["x"]
    return gg.sum(k * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2) + (p["y"][0] - 3) ** 2


@pytest.fixture
def scipy():
    return pytest.importorskip("scipy.optimize")


METHODS = "BFGS L-BFGS-B CG TNC SLSQP Newton-CG trust-ncg trust-krylov trust-constr".split()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_minimum(scipy, method):
    seen = []
    r = minimize(rosen, START, method=method, tol=1e-9, callback=lambda p: seen.append(p["x"]))
    assert r.success or r.status == 2  # a line search that cannot do better
    assert type(r.x["x"]) is np.ndarray
    np.testing.assert_allclose(r.x["x"], 1, atol=1e-4)
    np.testing.assert_allclose(r.x["y"][0], 3, atol=1e-4)
    assert abs((r.grad if method == "trust-constr" else r.jac)["x"]).max() < 1e-3
    assert len(seen) >= r.nit - 1
    np.testing.assert_allclose(seen[-1], r.x["x"], atol=1e-3)


def test_gradient_and_hessian_are_ours(scipy):
    """As many evaluations as SciPy takes with derivatives by hand."""
    x0 = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    counts = [0]

    def f(x):
        counts[0] += 1
        return gg.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    ours = minimize(f, x0, method="trust-ncg")
    theirs = scipy.minimize(
        scipy.rosen, x0, jac=scipy.rosen_der, hessp=scipy.rosen_hess_prod, method="trust-ncg"
    )
    assert (ours.nfev, ours.nhev) == (theirs.nfev, theirs.nhev)
    assert counts[0] <= ours.nfev + ours.nhev  # one recording for all directions at a point
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9)


def test_device_dtype_and_tensors(scipy, xp):
    start = {"x": xp.asarray([1.5, 0.5], "float32"), "y": [gg.tensor(xp.asarray(0.0))]}
    r = minimize(rosen, start, tol=1e-3)
    assert type(r.x["x"]) is gg.Tensor
    assert type(r.x["x"].data) is xp.ndarray
    assert (r.x["x"].dtype, r.x["y"][0].dtype) == (np.float32, np.float64)
    assert abs(r.x["x"].data - 1).max() < 0.05
    r = minimize(lambda x: gg.sum(x**4), xp.ones(2, "float32"))
    assert (type(r.x), r.x.dtype) == (xp.ndarray, np.float32)


def test_one_transfer_each_way(scipy, monkeypatch):
    """Values of all leaves come to the host together."""
    from gpugrad import optimize

    moved = []
    original = optimize.to_device
    monkeypatch.setattr(optimize, "to_device", lambda a, d: moved.append(a.size) or original(a, d))
    r = minimize(rosen, START)
    assert moved == [5] + [1 + 5] * r.nfev


def test_further_arguments(scipy):
    r = minimize(lambda x, a, b: gg.sum((x - a) ** 2) + b, np.zeros(2), (np.array([1.0, 2.0]), 5.0))
    np.testing.assert_allclose(r.x, [1, 2], atol=1e-6)
    assert abs(r.fun - 5) < 1e-9
    with pytest.raises(TypeError, match=r"args has to be a tuple"):
        minimize(lambda x, a: gg.sum(x * a), np.zeros(2), 3.0)


def test_complex(scipy):
    r = minimize(lambda z: gg.sum(abs(z - (1 + 2j)) ** 2), np.zeros(2, complex))
    np.testing.assert_allclose(r.x, [1 + 2j] * 2, atol=1e-6)


@pytest.mark.parametrize(
    "bounds",
    [
        (None, {"x": 0.9, "y": [np.array(2.0)]}),
        (-10.0, {"x": np.full(4, 0.9), "y": [2]}),
        ({"x": None, "y": [0.0]}, {"x": gg.tensor(0.9, device="cpu"), "y": [2]}),
        [(None, 0.9)] * 4 + [(0.0, 2.0)],
    ],
)
@pytest.mark.parametrize("method", [None, "TNC", "trust-constr"])
def test_bounds(scipy, bounds, method):
    r = minimize(rosen, START, method=method, bounds=bounds)
    assert r.x["x"].max() < 0.9 + 1e-9
    np.testing.assert_allclose(r.x["x"][0], 0.9, atol=1e-2)
    np.testing.assert_allclose(r.x["y"][0], 2, atol=1e-2)


def test_bounds_that_do_not_fit(scipy):
    with pytest.raises(ValueError, match=r"structure of x0.* SciPy's pairs go into a list"):
        minimize(rosen, START, bounds=((0, 1), (0, 1)))
    with pytest.raises(ValueError, match=r"a tuple of 3"):
        minimize(rosen, START, bounds=(0, 1, 2))
    with pytest.raises(ValueError, match=r"bounds of complex numbers"):
        minimize(abs, 1j, bounds=(0, 1))


@pytest.mark.parametrize("method", ["BFGS", "trust-constr", "L-BFGS-B"])
def test_callback_ends_the_search(scipy, method):
    assert minimize(rosen, START, method=method, callback=lambda p: True).nit <= 2


def test_methods_without_gradients():
    pytest.importorskip("scipy")
    with pytest.raises(ValueError, match=r"a method that uses gradients \(bfgs, .*'Nelder-Mead'"):
        minimize(rosen, START, method="Nelder-Mead")


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r"needs SciPy, .* pip install \"gpugrad\[optimize\]\""):
        minimize(rosen, START)
