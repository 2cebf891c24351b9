"""The programs in ``examples``, made small."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import gpugrad as gg

FOLDER = Path(__file__).parents[1] / "examples"


def example(name):
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wave_optics():
    return example("wave_optics")


def test_light_takes_the_shape_of_the_picture(wave_optics, device):
    phase, intensity, losses = wave_optics.optimised(64, 30, device)
    wanted = gg.tensor(wave_optics.picture(64, device)).numpy() ** 2
    assert losses[-1] < 0.3 * losses[0]
    assert np.corrcoef(intensity.ravel(), wanted.ravel())[0, 1] > 0.8
    assert phase.dtype == intensity.dtype == np.float32


def test_propagation_keeps_the_power_and_can_be_undone(wave_optics):
    light, between = wave_optics.beam(48, "cpu"), wave_optics.transfer(48, "cpu")
    there = wave_optics.propagated(light, between)
    np.testing.assert_allclose(np.sum(np.abs(there) ** 2), 1, rtol=1e-5)
    np.testing.assert_allclose(wave_optics.propagated(there, between.conj()), light, atol=1e-6)


def test_a_narrow_beam_spreads_as_theory_says(wave_optics):
    """A Gaussian beam of waist w grows to ``w sqrt(1 + (z / r)^2)``, where ``r = pi w^2 / wavelength``."""
    size, waist = 256, 8e-5
    x = (np.arange(size) - size // 2) * wave_optics.PIXEL
    field = np.exp(-(x**2 + x[:, None] ** 2) / waist**2)
    there = np.abs(wave_optics.propagated(field, wave_optics.transfer(size, "cpu"))) ** 2
    width = 2 * np.sqrt(np.sum(there * x**2) / np.sum(there))
    reach = np.pi * waist**2 / wave_optics.WAVELENGTH
    expected = waist * np.sqrt(1 + (wave_optics.DISTANCE / reach) ** 2)
    np.testing.assert_allclose(width, expected, rtol=1e-3)


def test_command(wave_optics, tmp_path, capsys):
    out = tmp_path / "picture.png"
    wave_optics.main(["--size", "32", "--steps", "3", "--device", "cpu", "--out", str(out)])
    printed = capsys.readouterr().out
    assert "step    2   loss" in printed
    assert str(out) in printed
    assert out.read_bytes().startswith(b"\x89PNG")
