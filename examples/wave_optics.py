"""A hologram by gradient descent: find the phase mask that makes laser light draw a picture.

    python examples/wave_optics.py --out wave_optics.png

A laser beam passes a mask that delays it a little more here, a little less there, and travels on for two
centimetres. Which mask makes the light arrive in the shape of a picture? The loss says how far the light is
from that, and its gradient how to change the delay at each of the mask's pixels.

Light in a plane is a sum of plane waves, one for each spatial frequency. On the way each turns its phase at
its own rate, so that propagation is a product between two Fourier transforms: the angular spectrum method
(J. W. Goodman, Introduction to Fourier Optics, section 3.10).
"""

import argparse
import time

import numpy as np

import gpugrad as gg
import gpugrad.numpy as gnp

WAVELENGTH = 633e-9  # metres: red light of a helium-neon laser
PIXEL = 8e-6
DISTANCE = 0.02


def transfer(size, device):
    """What a plane wave of frequency ``f`` is multiplied by: ``exp(2 pi i z sqrt(1 / wavelength^2 - f^2))``.

    Frequencies above ``1 / wavelength`` would not travel; with these pixels there are none.
    """
    f = gg.fft.fftfreq(size, PIXEL, device=device)
    along_z = gg.sqrt(1 / WAVELENGTH**2 - f**2 - f[:, None] ** 2)
    return gg.exp(2j * np.pi * DISTANCE * along_z).astype("complex64")  # after 200,000 rad in float64


def propagated(field, transfer):
    """The light in the plane of the picture that ``field`` in the plane of the mask leads to."""
    return gg.fft.ifft2(gg.fft.fft2(field) * transfer)


def plane(size, device):
    """Coordinates of the pixels, from -1 to 1."""
    x = gnp.linspace(-1, 1, size, dtype="float32", device=device)
    return x, x[:, None]


def beam(size, device):
    """The amplitude of the light that comes to the mask: brightest in the middle, of power 1."""
    x, y = plane(size, device)
    a = gg.exp(-1.5 * (x**2 + y**2))
    return a / gg.norm(a)


def picture(size, device):
    """The amplitude to be reached, of power 1: a nabla in a ring."""
    x, y = plane(size, device)
    sides = [np.cos(t) * x + np.sin(t) * y for t in np.pi * np.array([-1 / 2, 1 / 6, 5 / 6])]
    triangle = gg.maximum(gg.maximum(sides[0], sides[1]), sides[2]) - 0.24
    ring = gg.hypot(x, y) - 0.66
    a = gg.exp(-((triangle / 0.045) ** 4)) + gg.exp(-((ring / 0.03) ** 4))
    return a / gg.norm(a)


def optimised(size, steps, device=None, report=lambda step, loss: None):
    """The mask's phase in radians, the light's intensity in the plane of the picture, and all losses."""
    device = device or gg.default_device()
    light, wanted, between = beam(size, device), picture(size, device), transfer(size, device)

    def arriving(phase):
        return gg.abs(propagated(light * gg.exp(1j * phase), between))

    def loss(phase):
        return gg.sum((arriving(phase) - wanted) ** 2)

    phase = gg.tensor(gg.zeros_like(light), requires_grad=True)
    optimiser = gg.optim.Adam([phase], lr=0.1)
    losses = []
    for step in range(steps):
        value, phase.grad = gg.value_and_grad(loss)(phase)
        optimiser.step()
        losses.append(value.item())
        report(step, losses[-1])
    return phase.numpy(), arriving(phase.detach()).numpy() ** 2, losses


def draw(path, phase, intensity, losses):
    """The mask, the light it leads to, and how the loss fell, as a picture file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.4), layout="constrained")
    mask, light, curve = figure.subplots(1, 3)
    mask.imshow(phase % (2 * np.pi), cmap="twilight", vmin=0, vmax=2 * np.pi)
    mask.set_title("phase mask")
    light.imshow(intensity, cmap="inferno", vmax=np.quantile(intensity, 0.995))
    light.set_title(f"light, {100 * DISTANCE:g} cm behind it")
    curve.semilogy(losses, color="#4477aa", linewidth=2)
    curve.set(title="loss", xlabel="step", box_aspect=1)
    for axes in (mask, light):
        axes.set_axis_off()
    figure.savefig(path, dpi=110)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=256, help="pixels along a side (default: 256)")
    parser.add_argument("--steps", type=int, default=200, help="steps of descent (default: 200)")
    parser.add_argument("--device", help="cpu or cuda (default: cuda where it works)")
    parser.add_argument("--out", help="where to save a picture, which takes matplotlib")
    chosen = parser.parse_args(arguments)

    def report(step, loss):
        if step % 20 == 0 or step == chosen.steps - 1:
            print(f"step {step:4}   loss {loss:.4f}")

    start = time.perf_counter()
    results = optimised(chosen.size, chosen.steps, chosen.device, report)
    print(f"{time.perf_counter() - start:.1f} s")
    if chosen.out:
        draw(chosen.out, *results)
        print(f"picture in {chosen.out}")


if __name__ == "__main__":
    main()
