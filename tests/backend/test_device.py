"""Device names, and which device is the default."""

import threading

import pytest

from gpugrad.backend import (
    CudaUnavailable,
    Device,
    cuda,
    default_device,
    device_of,
    set_default_device,
    to_device,
    using_device,
)
from gpugrad.backend.device import usable


@pytest.fixture(autouse=True)
def _no_default(monkeypatch):
    monkeypatch.delenv("GPUGRAD_DEVICE", raising=False)
    yield
    set_default_device(None)


@pytest.fixture
def no_cuda(monkeypatch):
    monkeypatch.setattr(cuda, "_report", cuda._Report([cuda.Finding("cuBLAS", None, "install it")], None))


def in_thread(f):
    found = []
    thread = threading.Thread(target=lambda: found.append(f()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize(
    ("name", "device", "text"),
    [
        ("cpu", Device("cpu"), "cpu"),
        ("cuda", Device("cuda", 0), "cuda:0"),
        ("cuda:1", Device("cuda", 1), "cuda:1"),
        (Device("cuda", 2), Device("cuda", 2), "cuda:2"),
    ],
)
def test_names(name, device, text):
    assert Device.parse(name) == device
    assert str(device) == text
    assert Device.parse(text) == device
    assert len({device, Device.parse(name)}) == 1


@pytest.mark.parametrize("name", ["gpu", "", "cuda:", "cuda:-1", "cuda:one", "CPU", "cuda:0 ", 0, None])
def test_unknown_names(name):
    with pytest.raises(ValueError, match='expected a device, "cpu", "cuda" or "cuda:N", got'):
        Device.parse(name)


def test_left_to_itself_the_default_is_cuda_where_it_works(monkeypatch):
    monkeypatch.setattr(cuda, "is_available", lambda: True)
    assert default_device() == Device("cuda", 0)
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    assert default_device() == Device("cpu")


@pytest.mark.parametrize("wish", ["auto", ""])
def test_auto_is_no_wish(monkeypatch, no_cuda, wish):
    monkeypatch.setenv("GPUGRAD_DEVICE", wish)
    assert default_device() == Device("cpu")


def test_the_environment_decides(monkeypatch, device):
    monkeypatch.setenv("GPUGRAD_DEVICE", device)
    assert default_device() == Device.parse(device)


def test_the_environment_asks_for_what_is_not_there(monkeypatch, no_cuda):
    monkeypatch.setenv("GPUGRAD_DEVICE", "cuda")
    with pytest.raises(CudaUnavailable, match="cuBLAS: install it"):
        default_device()


def test_the_environment_asks_for_nonsense(monkeypatch):
    monkeypatch.setenv("GPUGRAD_DEVICE", "tpu")
    with pytest.raises(ValueError, match=r"GPUGRAD_DEVICE takes .* got 'tpu'"):
        default_device()


def test_the_process_goes_before_the_environment(monkeypatch, device):
    monkeypatch.setenv("GPUGRAD_DEVICE", "nonsense")
    set_default_device(device)
    assert default_device() == in_thread(default_device) == Device.parse(device)
    set_default_device(None)
    monkeypatch.setenv("GPUGRAD_DEVICE", "cpu")
    assert default_device() == Device("cpu")


def test_a_block_goes_before_the_process_and_is_of_its_thread(monkeypatch, no_cuda):
    monkeypatch.setattr("gpugrad.backend.device.usable", Device.parse)
    set_default_device("cpu")
    with using_device("cuda") as outer:
        assert default_device() == outer == Device("cuda", 0)
        assert in_thread(default_device) == Device("cpu")
        with using_device("cuda:1"):
            assert default_device() == Device("cuda", 1)
        assert default_device() == Device("cuda", 0)
    assert default_device() == Device("cpu")


def test_a_block_left_by_an_exception_leaves_nothing_behind(no_cuda):
    set_default_device(None)
    with pytest.raises(ZeroDivisionError), using_device("cpu"):
        _ = 1 / 0
    assert default_device() == Device("cpu")


@pytest.mark.parametrize("choose", [set_default_device, lambda name: using_device(name).__enter__(), usable])
def test_a_default_that_cannot_work_is_refused_at_once(no_cuda, choose):
    with pytest.raises(CudaUnavailable, match="install it"):
        choose("cuda")
    assert default_device() == Device("cpu")


def test_a_device_too_many(device):
    if device == "cpu":
        pytest.skip("there is one host")
    with pytest.raises(ValueError, match=r"there is no device cuda:64: CUDA shows \d+ device"):
        usable("cuda:64")


def test_new_arrays_know_their_device(device):
    import numpy as np

    assert device_of(to_device(np.ones(2), device)) == Device.parse(device)
