"""Fourier transforms together: inverses, theorems, NumPy's names, the libraries underneath."""

import numpy as np
import pytest
from table.running import host, placed

import gpugrad as gg
import gpugrad.numpy as gnp

NORMS = [None, "backward", "ortho", "forward"]


def numbers(*shape, kind="f", seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if kind == "c" else x


def close(got, want, tolerance=1e-12):
    np.testing.assert_allclose(host(got), want, rtol=tolerance, atol=tolerance)


# ---- NumPy's names ----


def test_the_namespace_is_numpys():
    assert gg.fft is gnp.fft
    assert set(np.fft.__all__) == {name for name in vars(gg.fft) if not name.startswith("_")}


@pytest.mark.parametrize("name", sorted(set(vars(gg.fft)) & set(np.fft.__all__) - {"fftfreq", "rfftfreq"}))
def test_numpys_functions_take_tensors(name, device):
    x = gg.tensor(numbers(3, 4), device=device, requires_grad=True)
    y = getattr(np.fft, name)(x)
    assert isinstance(y, gg.Tensor)
    close(y, getattr(np.fft, name)(numbers(3, 4)))
    gg.sum(gg.real(y)).backward()
    close(x.grad, host(gg.grad(lambda t: gg.sum(gg.real(getattr(gg.fft, name)(t))))(x.detach())))


def test_numpys_parameters():
    x = gg.tensor(numbers(3, 4))
    close(np.fft.fft(x, 5, 0, "ortho"), np.fft.fft(x.numpy(), 5, 0, "ortho"))
    close(np.fft.irfftn(x, s=(2, 5), axes=(1, 0)), np.fft.irfftn(x.numpy(), s=(2, 5), axes=(1, 0)))
    close(np.fft.fftshift(x, axes=1), np.fft.fftshift(x.numpy(), axes=1))


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
@pytest.mark.parametrize("n", [1, 2, 7, 8])
def test_frequencies(name, n, device):
    got = getattr(gg.fft, name)(n, 0.1, device=device)
    assert not isinstance(got, gg.Tensor)
    assert gg.tensor(got).device.type == device
    close(got, getattr(np.fft, name)(n, 0.1))
    assert getattr(gg.fft, name)(n, dtype="float32", device=device).dtype == np.float32


def test_frequencies_are_of_a_whole_number_of_points():
    with pytest.raises(TypeError, match="integer"):
        gg.fft.fftfreq(2.5)


def test_no_axes_leave_the_array_as_it_is():
    x = numbers(2, 3)
    assert gg.fft.fftn(x, axes=()) is x
    assert gg.fft.ifftn(x, axes=()) is x


# ---- what is true of them ----


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [1, 4, 5])
def test_inverses(n, norm, device):
    x, z = placed(numbers(2, n), device), placed(numbers(2, n, kind="c"), device)
    for forward, inverse, given in (
        (gg.fft.fft, gg.fft.ifft, z),
        (gg.fft.fft2, gg.fft.ifft2, z),
        (gg.fft.fftn, gg.fft.ifftn, z),
        (gg.fft.rfft, gg.fft.irfft, x),
        (gg.fft.ihfft, gg.fft.hfft, x),
    ):
        length = {"n": n} if forward in (gg.fft.rfft, gg.fft.ihfft) else {}
        close(inverse(forward(given, norm=norm), norm=norm, **length), host(given))
    for forward, inverse in ((gg.fft.rfft2, gg.fft.irfft2), (gg.fft.rfftn, gg.fft.irfftn)):
        close(inverse(forward(x, norm=norm), s=x.shape, axes=(0, 1), norm=norm), host(x))


@pytest.mark.parametrize("n", [4, 5])
def test_power_is_kept(n, device):
    """Of Parseval's theorem the gradient is that of the plain sum of squares."""
    for kind in "fc":
        z = gg.tensor(numbers(2, n, kind=kind), device=device)
        slope = gg.grad(lambda z: gg.sum(gg.square(gg.abs(gg.fft.fftn(z, norm="ortho")))))(z)
        close(slope, 2 * host(z))


def test_convolution_theorem(device):
    """A product of transforms is a convolution, and has the gradient and the Hessian of the sum."""
    x, kernel = placed(numbers(6), device), placed(numbers(3, seed=1), device)

    def convolved(x, kernel):
        return gg.fft.irfft(gg.fft.rfft(x, 8) * gg.fft.rfft(kernel, 8), 8)

    close(convolved(x, kernel), np.convolve(host(x), host(kernel)))
    gradient = gg.grad(lambda x: gg.sum(convolved(x, kernel)[:5] ** 2))(x)
    full = np.array([[host(kernel)[i - j] if 0 <= i - j < 3 else 0 for j in range(6)] for i in range(5)])
    close(gradient, 2 * full.T @ full @ host(x))
    close(gg.hessian(lambda x: gg.sum(convolved(x, kernel)[:5] ** 2))(x), 2 * full.T @ full)


def test_a_shift_is_a_phase(device):
    """``fft(roll(x, k))`` is ``fft(x) * exp(-2 pi i f k)``, also between whole numbers: its slope at them."""
    x = placed(np.sin(2 * np.pi * np.arange(16) / 16), device)
    f = gg.fft.fftfreq(16, device=device)

    def shifted(k):
        return gg.real(gg.fft.ifft(gg.fft.fft(x) * gg.exp(-2j * np.pi * f * k)))

    k = gg.tensor(3.0, dtype="float64", device=device)
    close(shifted(k), np.roll(host(x), 3))
    slope = gg.jvp(shifted, (k,), (gg.tensor(1.0, dtype="float64", device=device),))[1]
    close(slope, -2 * np.pi / 16 * np.cos(2 * np.pi * (np.arange(16) - 3) / 16))


@pytest.mark.parametrize("n", [5, 6])
def test_the_imaginary_parts_that_a_real_inverse_ignores(n, device):
    z = gg.tensor(numbers(2, n // 2 + 1, kind="c"), device=device)
    other = gg.tensor(host(z) + 1j * (np.arange(n // 2 + 1) == 0), device=device)
    close(gg.fft.irfft(z, n), host(gg.fft.irfft(other, n)))
    slope = host(gg.grad(lambda z: gg.sum(gg.fft.irfft(z, n) ** 3))(z))
    assert (np.abs(slope[:, 0].imag) < 1e-15).all()
    assert (np.abs(slope[:, -1].imag) < 1e-15).all() == (n % 2 == 0)


# ---- the libraries underneath ----


def test_operands_are_left_alone(device):
    """A real inverse on CUDA may write to what it is given."""
    for z in (numbers(3, 4, kind="c"), numbers(3, 4, kind="c").astype("complex64")):
        for name in ("irfft", "irfft2", "irfftn", "fftn"):
            there = placed(z, device)
            getattr(gg.fft, name)(there)
            assert (host(there) == z).all()


def test_nothing_waits_for_the_device(nosync):
    """With plans at hand or to be made, forward and back, to second order."""
    x = gg.tensor(numbers(4, 6), device="cuda")
    slope = gg.grad(lambda x: gg.sum(gg.fft.irfft2(gg.fft.rfft2(x) ** 2)))
    gg.grad(lambda x: gg.sum(slope(x) ** 2))(x)  # a kernel met for the first time is compiled
    with nosync():
        for n in (6, 3):
            gg.grad(lambda x: gg.sum(slope(x) ** 2))(x[:, :n])


def test_bfloat16_is_transformed_in_single_precision(device):
    pytest.importorskip("ml_dtypes")
    x = gg.tensor([1.0, 2.0, 4.0], dtype="bfloat16", device=device, requires_grad=True)
    y = gg.fft.rfft(x)
    assert y.dtype == np.complex64
    close(y, np.fft.rfft([1.0, 2.0, 4.0]), 1e-6)
    gg.sum(gg.real(y)).backward()
    assert x.grad.dtype == x.dtype


@pytest.mark.parametrize("norm", NORMS)
def test_single_precision_is_right_to_its_last_places(norm, device):
    """Whatever the norm and the lengths: where there is no factor, one is put in and taken out again."""
    for name in ("fftn", "ifftn", "rfftn", "irfftn"):
        for n in (64, 75):
            x = numbers(3, n).astype("float32")
            want = getattr(np.fft, name)(x.astype(float), norm=norm)
            got = host(getattr(gg.fft, name)(placed(x, device), norm=norm))
            assert got.dtype.itemsize == want.dtype.itemsize // 2
            np.testing.assert_allclose(got, want, rtol=0, atol=4e-7 * np.abs(want).max())
