"""``gpugrad train``: a classifier for images, from the data to a picture of the result."""

import math
import shlex
import time
from argparse import ArgumentParser, Namespace
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import Device, default_device
from ..backend.device import usable
from ..config import reuse_host_memory
from ..data import digits, read
from . import arguments, blas, checkpoint
from .arguments import UserError
from .learner import OPTIMIZERS, Learner
from .machine import describe
from .picture import picture
from .progress import display
from .settings import Settings
from .versions import require, summary

HELP = "train a classifier on handwritten digits, or on your own images or table"
OUT = "gpugrad-run"
CHECKPOINT = "checkpoint.safetensors"
FORMAT = 1  # of the checkpoint
Record = dict[str, Any]  # one epoch's figures


def add_arguments(parser: ArgumentParser) -> None:
    """The options; a default of None lets `--resume` tell what was said from what was not."""
    standard = Settings()
    hidden = ",".join(map(str, standard.hidden))
    add = parser.add_argument
    add("--data", type=arguments.path, metavar="PATH", help="IDX folder, .npz or .csv (the UCI digits)")
    add("--device", help="cpu, cuda or cuda:N (CUDA where it works)")
    add("--epochs", type=arguments.count, metavar="N", help=f"in all, also with --resume ({standard.epochs})")
    add("--batch-size", type=arguments.count, metavar="N", help=f"images to a step ({standard.batch_size})")
    add("--hidden", type=arguments.sizes, metavar="N,N", help=f"sizes of the hidden layers ({hidden})")
    add("--optimizer", choices=tuple(OPTIMIZERS), help=f"({standard.optimizer})")
    add("--lr", type=arguments.rate, help="learning rate (one that suits the optimizer)")
    add("--seed", type=arguments.seed, metavar="N", help=f"same seed, same run ({standard.seed})")
    add("--resume", action="store_true", help="go on with the run in --out")
    add("--out", type=arguments.path, metavar="PATH", default=Path(OUT), help=f"results folder ({OUT})")


def run(args: Namespace) -> int:
    """Train, save after every epoch, and draw the result."""
    require("train")
    reuse_host_memory(True)
    device = _device(args.device)
    stored, notes = _stored(args.out) if args.resume else ({}, {})
    settings = Settings.resumed(args, notes["settings"]) if args.resume else Settings.new(args)
    data = read(settings.data) if settings.data else digits()
    learner = Learner(settings, data, device)
    if args.resume:
        learner.restore(stored, notes["rng"])
    history: list[Record] = notes.get("history", [])
    if settings.epochs < len(history):
        done = f"the run in {args.out} has {len(history)} epochs"
        raise UserError(f"{done}, more than --epochs {settings.epochs}")
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "training.png").unlink(missing_ok=True)  # an interrupted run must not show another's
    _introduce(learner, len(history))

    try:
        with blas.one_thread() if learner.is_small else nullcontext():
            _train(learner, history, args.out)
            scores = learner.test()
        confusion = np.zeros((data.classes, data.classes), dtype=int)
        np.add.at(confusion, (data.test_labels, scores.predicted), 1)
        _save(learner, history, args.out, confusion.tolist())
        checkpoint.write(args.out / "training.png", picture(history, scores, confusion, data))
    except KeyboardInterrupt:
        elsewhere = "" if args.out == Path(OUT) else f" --out {shlex.quote(str(args.out))}"
        raise KeyboardInterrupt(
            f"{args.out} holds {len(history)} of {settings.epochs} epochs; "
            f"go on with: gpugrad train --resume{elsewhere}"
        ) from None
    print(f"results in {args.out}: weights.safetensors, metrics.json, training.png")
    print(f"test accuracy {scores.accuracy:.3f}")
    return 0


def _train(learner: Learner, history: list[Record], out: Path) -> None:
    """The epochs that are missing from ``history``, each saved when it is done."""
    _save(learner, history, out)  # so that there is something to go on with from the first batch
    epochs = learner.settings.epochs
    with display(len(history), epochs, learner.batches_per_epoch) as shown:
        for epoch in range(len(history) + 1, epochs + 1):
            start = time.perf_counter()
            with np.errstate(all="ignore"):  # a loss that runs away is reported below, in one line
                loss, accuracy = learner.train(shown.batch)
                scores = learner.test()
            if not math.isfinite(loss):
                raise UserError(
                    f"the loss became {loss} in epoch {epoch}; try an --lr below {learner.settings.lr:g}"
                )
            record = {
                "epoch": epoch,
                "train_loss": loss,
                "train_accuracy": accuracy,
                "test_loss": scores.loss,
                "test_accuracy": scores.accuracy,
                "seconds": round(time.perf_counter() - start, 3),
            }
            history.append(record)
            _save(learner, history, out)
            shown.epoch(record)


def _save(
    learner: Learner, history: list[Record], out: Path, confusion: list[list[int]] | None = None
) -> None:
    """Checkpoint, weights and metrics as they are now."""
    settings = asdict(learner.settings)
    rng = learner.rng.bit_generator.state
    notes = {"format": FORMAT, "settings": settings, "history": history, "rng": rng}
    checkpoint.write_arrays(out / CHECKPOINT, learner.state(), notes)
    checkpoint.write_arrays(out / "weights.safetensors", learner.model.state_dict(), {"sizes": learner.sizes})
    metrics = {
        "test_accuracy": history[-1]["test_accuracy"] if history else None,
        "seconds": round(sum(record["seconds"] for record in history), 3),
        "versions": summary(),
        "device": str(learner.device),
        "data": learner.data.name,
        "sizes": learner.sizes,
        "settings": settings,
        "history": history,
        "confusion": confusion,
    }
    checkpoint.write_json(out / "metrics.json", metrics)


def _stored(out: Path) -> tuple[checkpoint.Arrays, dict[str, Any]]:
    path = out / CHECKPOINT
    if not path.exists():
        raise UserError(f"no run to resume, {path} does not exist")
    arrays, notes = checkpoint.read_arrays(path)
    if notes.get("format") != FORMAT:
        raise UserError(f"{path} was not written by gpugrad train, or by another version of it")
    return arrays, notes


def _device(name: str | None) -> Device:
    try:
        return usable(name) if name else default_device()
    except ValueError as error:
        raise UserError(str(error)) from error


def _introduce(learner: Learner, epochs_done: int) -> None:
    data, settings = learner.data, learner.settings
    rows = f"images of {'x'.join(map(str, data.image_shape))}" if data.image_shape else "rows"
    weights = sum(p.size for p in learner.model.parameters())
    print(summary())
    print(f"device   {learner.device}: {describe(learner.device)}")
    if learner.device.type == "cpu" and (warning := blas.slowed()):
        print(f"warning  {warning}")
    print(
        f"data     {data.name}: {len(data.train_labels)} training and {len(data.test_labels)} test {rows}, "
        f"{data.classes} classes"
    )
    print(
        f"network  {learner.shape}, {weights:,} weights; {settings.optimizer}, "
        f"learning rate {settings.lr:g}, batches of {settings.batch_size}, seed {settings.seed}"
    )
    if epochs_done:
        print(f"resumed  after epoch {epochs_done} of {settings.epochs}")
