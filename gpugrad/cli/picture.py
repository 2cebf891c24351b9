"""training.png: how a run went, and where the classifier is wrong."""

import io
from typing import Any

import numpy as np

from ..data import Dataset
from .learner import Scores

TRAIN, TEST, GREY = "#4477aa", "#ee6677", "#555555"  # told apart with any colour vision
SHOWN = 10  # misclassified images
NUMBERED = 20  # classes, at most, for which numbers fit into the confusion matrix


def picture(history: list[dict[str, Any]], scores: Scores, confusion: np.ndarray, data: Dataset) -> bytes:
    """The picture as a PNG file."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    wrong = np.flatnonzero(scores.predicted != data.test_labels)
    with_images = data.image_shape is not None and len(wrong) > 0
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(15, 7.6 if with_images else 5.4), layout=layout)
    figure.suptitle(f"{data.name}: {_right_answers(scores, len(wrong))}", fontsize=15)
    upper: Any = figure
    if with_images:
        halves: Any = figure.subfigures(2, 1, height_ratios=(2.5, 1))
        upper, lower = halves
        _mistakes(lower, wrong, scores, data)

    loss, accuracy, matrix = upper.subplots(1, 3, width_ratios=(1, 1, 1.05))
    _curves(loss, history, "loss")
    _curves(accuracy, history, "accuracy")
    _confusion(matrix, confusion)

    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    return content.getvalue()


def _right_answers(scores: Scores, mistakes: int) -> str:
    count = len(scores.predicted)
    return f"test accuracy {scores.accuracy:.3f}, {count - mistakes} of {count} right"


def _curves(axes: Any, history: list[dict[str, Any]], kind: str) -> None:
    epochs = [record["epoch"] for record in history]
    # A mark where there is too little for a line.
    style = {"linewidth": 2, "marker": "o" if len(history) < 3 else None}
    training = [record[f"train_{kind}"] for record in history]
    test = [record[f"test_{kind}"] for record in history]
    axes.plot(epochs, training, color=TRAIN, label="training", **style)
    axes.plot(epochs, test, color=TEST, label="test", **style)
    axes.set_title(kind.capitalize())
    axes.set_xlabel("epoch")
    axes.set_xlim(0, len(history) + 1)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if kind == "loss" and max(training) > 10 * min(training):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def _confusion(axes: Any, confusion: np.ndarray) -> None:
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    # The root lets single mistakes be seen beside hundreds of right answers.
    axes.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)
    axes.set_title("Confusion matrix")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.spines[:].set_visible(False)
    if len(confusion) > NUMBERED:
        return
    axes.set_xticks(range(len(confusion)))
    axes.set_yticks(range(len(confusion)))
    axes.tick_params(length=0)
    for true, predicted in np.argwhere(confusion):
        colour = "white" if share[true, predicted] > 0.4 else GREY
        axes.text(
            predicted, true, confusion[true, predicted], ha="center", va="center", color=colour, fontsize=9
        )


def _mistakes(figure: Any, wrong: np.ndarray, scores: Scores, data: Dataset) -> None:
    surest = wrong[np.argsort(-scores.confidence[wrong], kind="stable")][:SHOWN]
    which = "Misclassified" if len(wrong) <= SHOWN else f"Misclassified: the {SHOWN} surest wrong answers"
    figure.suptitle(which, fontsize=12)
    cells = figure.subplots(1, SHOWN)
    first = (SHOWN - len(surest)) // 2
    for axes in cells:
        axes.set_visible(False)
    for axes, i in zip(cells[first:], surest, strict=False):
        axes.set_visible(True)
        axes.imshow(data.test_images[i].reshape(data.image_shape), cmap="gray_r")
        axes.set_title(f"true {data.test_labels[i]}", fontsize=11, color=GREY)
        axes.set_xlabel(f"predicted {scores.predicted[i]}", fontsize=11, color=TEST)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("#bbbbbb")
