"""training.png is drawn for whatever a run can come to."""

import numpy as np
import pytest

from gpugrad.cli.learner import Scores
from gpugrad.cli.picture import picture
from gpugrad.data import Dataset


def dataset(classes, image_shape):
    images = np.random.default_rng(0).random((60, 16), dtype=np.float32)
    labels = np.arange(60) % classes
    return Dataset("noise", images, labels, images, labels, image_shape, classes)


@pytest.mark.parametrize("epochs", [1, 30])
@pytest.mark.parametrize("mistakes", [0, 3, 25])
@pytest.mark.parametrize(("classes", "image_shape"), [(10, (4, 4)), (50, (2, 8)), (2, None)])
def test_draws(epochs, mistakes, classes, image_shape):
    data = dataset(classes, image_shape)
    predicted = data.test_labels.copy()
    predicted[:mistakes] = (predicted[:mistakes] + 1) % classes
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (data.test_labels, predicted), 1)
    history = [
        {"epoch": n, "train_loss": 3.0**-n, "test_loss": 2.0**-n, "train_accuracy": 0.5, "test_accuracy": 0.4}
        for n in range(1, epochs + 1)
    ]
    scores = Scores(0.1, 1 - mistakes / 60, predicted, np.linspace(0.3, 0.9, 60))
    assert picture(history, scores, confusion, data).startswith(b"\x89PNG")
