"""Showing how a run gets on: a bar on a terminal, plain lines anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Display(NamedTuple):
    """What to call after each batch, and with the record of each epoch."""

    batch: Callable[[], None]
    epoch: Callable[[dict[str, Any]], None]


@contextmanager
def display(first: int, epochs: int, batches_per_epoch: int) -> Iterator[Display]:
    """A display for the epochs after ``first`` up to ``epochs``."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        yield Display(batch=lambda: None, epoch=lambda record: print(_line(record, epochs), flush=True))
        return

    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[scores]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    ) as bars:
        bar = bars.add_task(
            f"epoch {first}/{epochs}",
            total=epochs * batches_per_epoch,
            completed=first * batches_per_epoch,
            scores="",
        )
        yield Display(
            batch=lambda: bars.advance(bar),
            epoch=lambda record: bars.update(
                bar, description=f"epoch {record['epoch']}/{epochs}", scores=_scores(record)
            ),
        )


def _line(record: dict[str, Any], epochs: int) -> str:
    number = f"{record['epoch']:{len(str(epochs))}}"
    return f"epoch {number}/{epochs}  {_scores(record)}  {record['seconds']:.2f} s"


def _scores(record: dict[str, Any]) -> str:
    return (
        f"loss {record['train_loss']:.4f}  "
        f"accuracy {record['train_accuracy']:.3f} training, {record['test_accuracy']:.3f} test"
    )
