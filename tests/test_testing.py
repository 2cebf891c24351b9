"""``gg.testing.check_grads`` passes what is right and says of what is wrong where it is wrong."""

import numpy as np
import pytest

import gpugrad as gg
from gpugrad.testing import check_grads

X = np.linspace(-1.0, 1.2, 6).reshape(2, 3)
Z = X * (1 - 2j)


def sine(reverse, forward, second):
    """sin, its derivative taken ``reverse`` or ``forward`` times, its second derivative ``second`` times."""

    @gg.primitive
    def cosine(xp, x):
        return xp.cos(x)

    @gg.primitive
    def wrong(xp, x):
        return xp.sin(x)

    gg.elementwise(cosine, lambda t, x: t * gg.sin(x) * -second)
    gg.by_hand(
        wrong, vjp=(lambda g, x: g * cosine(x) * reverse,), jvp=(lambda t, x: t * cosine(x) * forward,)
    )
    return wrong


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_right_derivatives_pass(dtype, device):
    x = gg.tensor(Z if dtype[0] == "c" else X, dtype=dtype, device=device)
    check_grads(gg.tanh, (x,))
    check_grads(lambda a, b: a * gg.sin(b), (x.data, x[0]), order=3 if dtype == "float64" else 2)


def test_pytrees():
    def f(params, scale):
        return {
            "out": gg.tanh(params["w"] @ params["b"][0]) * scale,
            "size": gg.sum(params["w"] * params["w"]),
        }

    check_grads(f, ({"w": X, "b": [X[0]]}, 0.7))


def test_functions_that_are_not_holomorphic():
    check_grads(lambda z: gg.real(z * gg.conj(z)) + gg.imag(z), (Z,))
    check_grads(lambda z: gg.conj(z) * gg.abs(z), (Z,))


@pytest.mark.parametrize(
    ("factors", "modes", "text"),
    [
        ((1.01, 1, 1), ("rev", "fwd"), r"rev derivative of wrong, order 1, with respect to args\[0\]: got"),
        ((1.01, 1, 1), ("rev",), r"rev derivative of wrong, order 1.* by central differences"),
        (
            (1, 1.01, 1),
            ("fwd",),
            r"fwd derivative of wrong, order 1.* at index \[1, 0\]: got .*, expected .* by",
        ),
        ((1, 1, 1.01), ("fwd",), r"fwd over fwd derivative of wrong, order 2"),
        ((1, 1, 1.01), ("rev",), r"rev over rev derivative of wrong, order 2"),
        ((1, 1, 1.01), ("rev", "fwd"), r"fwd over rev derivative of wrong, order 2"),
        ((np.nan, 1, 1), ("rev",), r"got nan"),
    ],
)
def test_wrong_derivatives_do_not(factors, modes, text):
    with pytest.raises(AssertionError, match=text):
        check_grads(sine(*factors), (X,), modes=modes)


def test_a_mode_or_an_order_left_out_is_not_looked_at():
    check_grads(sine(1.01, 1, 1), (X,), modes=("fwd",), order=1)
    check_grads(sine(1, 1, 1.01), (X,), order=1)
    check_grads(sine(1.01, 1.01, 1.01), (X,), rtol=0.1)


def test_the_message_names_the_leaf():
    wrong = sine(1.01, 1, 1)
    with pytest.raises(AssertionError, match=r"with respect to args\[1\]\['b'\]\[0\]: got"):
        check_grads(lambda a, tree: gg.sin(a) + gg.sum(wrong(tree["b"][0])), (X, {"b": [X]}))
    with pytest.raises(AssertionError, match=r"fwd .* of result\['u'\] at index"):
        check_grads(lambda a: {"t": a, "u": sine(1, 1.01, 1)(a)}, (X,))


def test_wrong_calls():
    with pytest.raises(TypeError, match="float or complex arguments, got dtype int64"):
        check_grads(gg.sin, (np.arange(3),))
    with pytest.raises(TypeError, match=r"a tuple of arguments, as in \(x,\), got ndarray"):
        check_grads(gg.sin, X)
    with pytest.raises(ValueError, match=r"modes=\('reverse',\)"):
        check_grads(gg.sin, (X,), modes=("reverse",))
    with pytest.raises(ValueError, match="order=0"):
        check_grads(gg.sin, (X,), order=0)
