"""What the user can mend is one line on stderr and exit code 2, never a traceback."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from gpugrad.backend import cuda
from gpugrad.cli import checkpoint, main, versions


@pytest.fixture(autouse=True)
def working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def complaint(capsys, *command):
    """The one line that the command ends with."""
    assert main(command) == 2
    err = capsys.readouterr().err
    assert err.startswith("gpugrad: ") and err.endswith("\n") and err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "nowhere.csv"], "nowhere.csv: no such file or folder"),
        (["--data", "."], "no file train-images-idx3-ubyte"),
        (["--device", "tpu"], "expected a device"),
        (["--device", "cuda:x"], "expected a device"),
        (["--epochs", "0"], "argument --epochs: expected a whole number from 1, got '0'"),
        (["--epochs", "many"], "got 'many'"),
        (["--batch-size", "-1"], "expected a whole number from 1"),
        (["--hidden", "64,,8"], "argument --hidden: expected a whole number from 1, got ''"),
        (["--optimizer", "newton"], "invalid choice: 'newton'"),
        (["--lr", "nan"], "argument --lr: expected a number above 0, got 'nan'"),
        (["--seed", "-3"], "argument --seed: expected a whole number from 0, got '-3'"),
        (["--resume"], "no run to resume, gpugrad-run/checkpoint.safetensors does not exist"),
        (["--wrong"], "unrecognized arguments: --wrong (see gpugrad"),
    ],
)
def test_wrong_options(capsys, options, message):
    assert message in complaint(capsys, "train", *options)


def test_unknown_command(capsys):
    assert "invalid choice: 'trian'" in complaint(capsys, "trian")


def test_wrong_magic_number(capsys, tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\0" * 16)
    assert "wrong magic number, expected 2051, got 0" in complaint(capsys, "train", "--data", ".")


def test_ragged_csv(capsys, tmp_path):
    (tmp_path / "a.csv").write_text("1,2,0\n3,1\n")
    assert "a.csv, line 2: 2 columns, expected 3" in complaint(capsys, "train", "--data", "a.csv")


def test_cuda_that_is_not_there(capsys, monkeypatch):
    report = cuda._Report([cuda.Finding("the NVIDIA driver", None, "install it")], None)
    monkeypatch.setattr(cuda, "_report", report)
    err = complaint(capsys, "train", "--device", "cuda")
    assert "CUDA is not usable" in err and "install it" in err


def test_missing_packages(capsys, monkeypatch):
    monkeypatch.setattr(versions, "installed", lambda name: None if name != "rich" else "13")
    assert (
        complaint(capsys, "train")
        == 'gpugrad: gpugrad train needs matplotlib, safetensors; run: pip install "gpugrad[train]"\n'
    )


def test_a_file_where_the_folder_should_be(capsys, tmp_path):
    (tmp_path / "taken").write_text("")
    assert complaint(capsys, "train", "--out", "taken") == "gpugrad: taken: File exists\n"


def test_a_network_that_does_not_fit_into_memory(capsys):
    assert "Unable to allocate" in complaint(capsys, "train", "--device", "cpu", "--hidden", str(10**15))


def test_a_loss_that_runs_away(capsys):
    err = complaint(capsys, "train", "--device", "cpu", "--optimizer", "sgd", "--lr", "1e6", "--epochs", "3")
    assert "try an --lr below 1e+06" in err


class TestResume:
    """A run that cannot go on as asked."""

    @pytest.fixture(autouse=True)
    def finished(self, capsys):
        options = ["--device", "cpu", "--hidden", "8", "--batch-size", "256", "--epochs", "1"]
        assert main(["train", *options]) == 0
        capsys.readouterr()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--hidden", "9"], "--hidden 9 does not fit the run in gpugrad-run, which has --hidden 8"),
            (["--optimizer", "sgd"], "--optimizer sgd does not fit"),
            (["--seed", "1"], "--seed 1 does not fit"),
        ],
    )
    def test_settings_that_cannot_change(self, capsys, options, message):
        assert message in complaint(capsys, "train", "--resume", *options)

    def test_data_of_another_shape(self, capsys, tmp_path):
        np.savez(tmp_path / "a.npz", x=np.eye(20), y=np.arange(20) % 2)
        err = complaint(capsys, "train", "--resume", "--data", "a.npz")
        assert "does not fit a network of 20-8-2" in err
        assert "layers.0.weight has shape (64, 8), expected (20, 8)" in err

    def test_weights_of_another_shape(self, capsys, tmp_path):
        path = tmp_path / "gpugrad-run" / "checkpoint.safetensors"
        arrays, notes = checkpoint.read_arrays(path)
        checkpoint.write_arrays(path, arrays | {"model.layers.0.bias": np.zeros(3)}, notes)
        assert "layers.0.bias has shape (3,), expected (8,)" in complaint(capsys, "train", "--resume")

    def test_a_damaged_checkpoint(self, capsys, tmp_path):
        path = tmp_path / "gpugrad-run" / "checkpoint.safetensors"
        path.write_bytes(path.read_bytes()[:-9])
        assert "not a checkpoint of gpugrad train" in complaint(capsys, "train", "--resume")

    def test_a_checkpoint_of_something_else(self, capsys, tmp_path):
        path = tmp_path / "gpugrad-run" / "checkpoint.safetensors"
        save_file(load_file(path), path, {"format": json.dumps("pt")})
        assert "was not written by gpugrad train" in complaint(capsys, "train", "--resume")
