"""``gpugrad train``: what it prints and what it leaves."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from gpugrad.cli import main
from gpugrad.cli.settings import LEARNING_RATES

FAST = ("--hidden", "16", "--batch-size", "128", "--device", "cpu")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(tmp_path):
    return tmp_path / "gpugrad-run"


def train(*options):
    assert main(["train", *FAST, *options]) == 0


def metrics(run):
    return json.loads((run / "metrics.json").read_text())


def test_the_default_run_reaches_its_accuracy(run, capsys):
    assert main(["train", "--device", "cpu"]) == 0
    accuracy = metrics(run)["test_accuracy"]
    assert capsys.readouterr().out.splitlines()[-1] == f"test accuracy {accuracy:.3f}"
    assert accuracy >= 0.97


def test_prints_versions_device_and_a_line_for_each_epoch(capsys):
    train("--epochs", "3")
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("gpugrad ") and out[1].startswith("device   cpu: ")
    assert [line.split()[1] for line in out if line.startswith("epoch")] == ["1/3", "2/3", "3/3"]


def test_shows_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes any output for a terminal then
    train("--epochs", "2")
    out = capsys.readouterr().out
    assert "\x1b[" in out and "epoch 2/2" in out and "epoch  2/2" not in out


def test_leaves_weights_metrics_and_picture(run):
    train("--epochs", "3")
    weights = load_file(run / "weights.safetensors")
    assert {name: array.shape for name, array in weights.items()} == {
        "layers.0.weight": (64, 16),
        "layers.0.bias": (16,),
        "layers.2.weight": (16, 10),
        "layers.2.bias": (10,),
    }
    found = metrics(run)
    assert [record["epoch"] for record in found["history"]] == [1, 2, 3]
    confusion = np.array(found["confusion"])
    assert confusion.sum() == 359
    assert found["test_accuracy"] == pytest.approx(np.trace(confusion) / 359)
    assert (run / "training.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in run.iterdir()} == {
        "checkpoint.safetensors", "weights.safetensors", "metrics.json", "training.png",
    }  # fmt: skip


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam"])
def test_every_optimizer_has_a_rate_of_its_own_and_learns(run, optimizer):
    # The network that the rates were chosen for; a smaller one learns more slowly with them.
    assert main(["train", "--device", "cpu", "--epochs", "5", "--optimizer", optimizer]) == 0
    assert metrics(run)["settings"]["lr"] == LEARNING_RATES[optimizer]
    assert metrics(run)["test_accuracy"] > 0.93


def test_trains_on_a_table_that_has_no_images(tmp_path, run):
    rng = np.random.default_rng(0)
    rows = "".join(f"{rng.normal() + 3 * label:.3f},{rng.normal():.3f},{label}\n" for label in [0, 1] * 50)
    (tmp_path / "table.csv").write_text("a,b,label\n" + rows)
    train("--data", "table.csv", "--epochs", "2")
    assert metrics(run)["sizes"] == [2, 16, 2]


def test_trains_without_a_hidden_layer(run):
    train("--hidden", "", "--epochs", "1")
    assert load_file(run / "weights.safetensors").keys() == {"layers.0.weight", "layers.0.bias"}


def test_trains_on_every_device(device, run):
    train("--device", device, "--epochs", "1")
    assert metrics(run)["device"].startswith(device)


def test_keeps_the_memory_of_freed_arrays(told_to_reuse):
    train("--epochs", "1")
    assert told_to_reuse == [True]
