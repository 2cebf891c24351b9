"""The digits that come with the package, the split, and the minibatches."""

import numpy as np

from gpugrad import data
from gpugrad.data.dataset import split


def test_digits_are_complete_and_in_range():
    digits = data.digits()
    assert len(digits.train_images) + len(digits.test_images) == 1797
    assert digits.train_images.dtype == np.float32 and digits.train_labels.dtype == np.int64
    assert digits.train_images.min() == 0 and digits.train_images.max() == 1
    assert digits.image_shape == (8, 8) and digits.classes == 10
    assert np.bincount(np.concatenate([digits.train_labels, digits.test_labels])).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]  # fmt: skip


def test_no_test_image_is_trained_on():
    digits = data.digits()
    trained = {row.tobytes() for row in digits.train_images}
    assert not any(row.tobytes() in trained for row in digits.test_images)


def test_split_takes_a_share_of_every_class_and_follows_the_seed():
    labels = np.repeat([0, 1, 2], [10, 20, 30])
    train, test = split(labels, seed=3)
    assert np.bincount(labels[test]).tolist() == [2, 4, 6]
    assert sorted(np.concatenate([train, test])) == list(range(60))
    assert np.array_equal(test, split(labels, seed=3)[1])
    assert not np.array_equal(test, split(labels, seed=4)[1])


def test_batches_are_a_seeded_permutation_with_a_short_last_batch():
    images, labels = np.arange(10.0)[:, None], np.arange(10)

    def drawn(seed):
        return list(data.batches(images, labels, size=4, rng=np.random.default_rng(seed)))

    assert [len(y) for _, y in drawn(0)] == [4, 4, 2]
    assert sorted(np.concatenate([y for _, y in drawn(0)])) == list(range(10))
    assert all((x[:, 0] == y).all() for x, y in drawn(0))
    assert np.array_equal(drawn(1)[0][1], drawn(1)[0][1])
    assert not np.array_equal(drawn(1)[0][1], drawn(2)[0][1])
