"""``gpugrad train`` repeats itself, and goes on where it stopped."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from gpugrad.cli import main
from gpugrad.cli.learner import Learner

FAST = ("--hidden", "16", "--batch-size", "128", "--device", "cpu")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """In a folder of its own, and without the picture, which takes longer than the training."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gpugrad.cli.train.picture", lambda *_: b"picture")


def train(*options):
    assert main(["train", *FAST, *map(str, options)]) == 0


def weights(folder):
    return load_file(folder / "weights.safetensors")


def metrics(folder):
    """metrics.json without the clock."""
    content = json.loads((folder / "metrics.json").read_text())
    for record in (content, *content["history"]):
        del record["seconds"]
    return content


def assert_same_run(one, other):
    assert metrics(one) == metrics(other)
    assert weights(one).keys() == weights(other).keys()
    for name, array in weights(one).items():
        np.testing.assert_array_equal(array, weights(other)[name])


def test_a_seed_gives_the_same_run_again(tmp_path):
    train("--epochs", 2, "--seed", 7, "--out", "a")
    train("--epochs", 2, "--seed", 7, "--out", "b")
    train("--epochs", 2, "--seed", 8, "--out", "c")
    assert_same_run(tmp_path / "a", tmp_path / "b")
    a, c = weights(tmp_path / "a"), weights(tmp_path / "c")
    assert not np.array_equal(a["layers.0.weight"], c["layers.0.weight"])


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam"])
def test_resuming_equals_training_in_one_go(tmp_path, optimizer):
    train("--optimizer", optimizer, "--epochs", 4, "--out", "straight")
    train("--optimizer", optimizer, "--epochs", 2, "--out", "halves")
    train("--resume", "--epochs", 4, "--out", "halves")
    assert_same_run(tmp_path / "straight", tmp_path / "halves")


def test_resuming_a_finished_run_draws_it_again(tmp_path):
    train("--epochs", 1)
    before = metrics(tmp_path / "gpugrad-run")
    (tmp_path / "gpugrad-run" / "training.png").unlink()
    train("--resume")
    assert metrics(tmp_path / "gpugrad-run") == before
    assert (tmp_path / "gpugrad-run" / "training.png").exists()


def test_a_run_does_not_shrink(capsys):
    train("--epochs", 3)
    assert main(["train", "--resume", "--epochs", "2"]) == 2
    assert capsys.readouterr().err == "gpugrad: the run in gpugrad-run has 3 epochs, more than --epochs 2\n"


def test_an_interrupt_loses_the_epoch_it_falls_into_and_no_more(tmp_path, monkeypatch, capsys):
    train("--epochs", 4, "--out", "straight")
    train_one, calls = Learner.train, []

    def interrupted(self, after_batch):
        calls.append(1)

        def stop():
            if len(calls) == 3:
                raise KeyboardInterrupt
            after_batch()

        return train_one(self, stop)

    monkeypatch.setattr(Learner, "train", interrupted)
    assert main(["train", *FAST, "--epochs", "4"]) == 130
    assert capsys.readouterr().err == (
        "gpugrad: interrupted; gpugrad-run holds 2 of 4 epochs; go on with: gpugrad train --resume\n"
    )
    monkeypatch.setattr(Learner, "train", train_one)
    train("--resume")
    assert_same_run(tmp_path / "straight", tmp_path / "gpugrad-run")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent in another way")
def test_control_c_ends_the_process_in_one_line(tmp_path):
    command = [sys.executable, "-m", "gpugrad", "train", *FAST, "--epochs", "100000"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}  # gpugrad need not be installed
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        while not process.stdout.readline().startswith("epoch"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("gpugrad: interrupted; ") and err.count("\n") == 1
    assert not list((tmp_path / "gpugrad-run").glob(".*"))
    train("--resume", "--epochs", len(metrics(tmp_path / "gpugrad-run")["history"]) + 1)
