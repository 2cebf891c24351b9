"""Archives and tables, and what is wrong with them said in one line."""

import numpy as np
import pytest

from gpugrad import data

X, Y = np.arange(40.0).reshape(10, 4), np.repeat([0, 1], 5)


def archive(path, **arrays):
    np.savez(path, **arrays)
    return path


def table(path, text):
    path.write_text(text)
    return path


def rows(count=10):
    return "".join(f"{i},{10 * i},{i % 2}\n" for i in range(count))


def test_npz_with_a_test_part(tmp_path):
    images = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    path = archive(tmp_path / "a.npz", x_train=images, y_train=[0, 1], x_test=images[:1], y_test=[4])
    read = data.read(path)
    assert read.image_shape == (3, 3) and read.classes == 5 and read.name == "a"
    assert read.train_images.dtype == np.float32
    np.testing.assert_allclose(read.train_images, images.reshape(2, 9) / 17, rtol=1e-6)


@pytest.mark.parametrize(("shape", "image"), [((4, 4, 3), True), ((3, 5, 5), False), ((16,), False)])
def test_npz_knows_what_can_be_shown(tmp_path, shape, image):
    path = archive(tmp_path / "a.npz", x=np.ones((10, *shape)), y=Y)
    assert data.read(path).image_shape == (shape if image else None)


def test_npz_without_a_test_part_is_split_by_seed(tmp_path):
    path = archive(tmp_path / "a.npz", x=X, y=Y)
    one, again, other = (data.read_npz(path, seed=seed) for seed in (0, 0, 1))
    assert one.train_images.shape == (8, 4) and one.test_images.shape == (2, 4) and one.image_shape is None
    assert np.array_equal(one.test_images, again.test_images)
    assert not np.array_equal(one.test_images, other.test_images)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": X}, "expected the arrays x_train, y_train, x_test, y_test or x, y, got images"),
        ({"x": X, "y": Y[:-1]}, "10 rows of data, but labels of shape"),
        ({"x": X, "y": Y + 0.5}, "labels must be whole numbers from 0 to 65535, got 0.5"),
        ({"x": X, "y": Y - 1}, "labels must be whole numbers from 0 to 65535, got -1"),
        ({"x": X, "y": Y + 10**6}, "labels must be whole numbers from 0 to 65535, got 1000000"),
        ({"x": X, "y": Y.astype(str)}, "labels must be numbers, got <U"),
        ({"x": X * np.nan, "y": Y}, "x must hold finite numbers, got nan"),
        ({"x": X * 1j, "y": Y}, "x must hold finite numbers, got complex128"),
        ({"x": X[:, 0], "y": Y}, "x must have a row for each example"),
        ({"x": X[:2], "y": Y[:2]}, "the test part is empty"),
        ({"x_train": X, "y_train": Y, "x_test": X[:, :3], "y_test": Y}, "x_train has rows of"),
        ({"x": np.array([{}], dtype=object), "y": Y}, "not a NumPy archive of plain arrays"),
    ],
)
def test_npz_with_something_wrong(tmp_path, arrays, message):
    with pytest.raises(data.DataError, match=message) as error:
        data.read(archive(tmp_path / "a.npz", **arrays))
    assert "\n" not in str(error.value)


def test_boolean_labels_are_two_classes(tmp_path):
    assert data.read(archive(tmp_path / "a.npz", x=X, y=Y == 1)).classes == 2


@pytest.mark.parametrize("content", [b"", b"PK\3\4 broken", b"plain text"])
def test_npz_that_is_no_archive(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(data.DataError, match="not a NumPy archive"):
        data.read(tmp_path / "a.npz")


def test_npy_under_the_name_of_an_archive(tmp_path):
    with open(tmp_path / "a.npz", "wb") as file:
        np.save(file, X)
    with pytest.raises(data.DataError, match="not a NumPy archive"):
        data.read(tmp_path / "a.npz")


@pytest.mark.parametrize("header", ["", "a,b,kind\n", "0,1,label\n"])
def test_csv_takes_the_last_column_as_label(tmp_path, header):
    read = data.read(table(tmp_path / "a.csv", header + rows()))
    assert read.train_images.shape == (8, 2) and read.test_images.shape == (2, 2) and read.classes == 2
    assert read.train_images.min() == 0 and read.train_images.max() == 1


def test_csv_takes_the_named_column_as_label(tmp_path):
    text = "Class,a,b\n" + "".join(f"{i % 3},{i},{i * i}\n" for i in range(15))
    assert data.read(table(tmp_path / "a.csv", text)).classes == 3


def test_csv_is_split_by_seed(tmp_path):
    path = table(tmp_path / "a.csv", rows(40))
    one, again, other = (data.read_csv(path, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.train_images, again.train_images)
    assert not np.array_equal(one.train_images, other.train_images)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rows() + "1,2\n", "line 11: 2 columns, expected 3"),
        ("a,b\n" + rows(), "line 2: 3 columns, expected 2"),
        (rows() + "1,x,0\n", "line 11: 'x' is not a finite number"),
        (rows() + "1,nan,0\n", "line 11: 'nan' is not a finite number"),
        (rows() + "1,,0\n", "line 11: '' is not a finite number"),
        ("1,x,0\n" + rows(), "line 1: 'x' is not a finite number"),
        ("a,b,c\n", "no rows of numbers"),
        ("", "no rows of numbers"),
        ("1\n2\n", "one column only"),
        ("1,2,0.5\n" + rows(), r"labels \(column 3\) must be whole numbers from 0 to 65535, got 0.5"),
        ("1,0\n2,1\n", "the test part is empty"),
    ],
)
def test_csv_with_something_wrong(tmp_path, text, message):
    with pytest.raises(data.DataError, match=message) as error:
        data.read(table(tmp_path / "a.csv", text))
    assert "\n" not in str(error.value)


def test_csv_that_is_not_text(tmp_path):
    (tmp_path / "a.csv").write_bytes(bytes(range(256)))
    with pytest.raises(data.DataError, match="not a text file of comma-separated values"):
        data.read(tmp_path / "a.csv")


def test_missing_file_and_unknown_kind(tmp_path):
    with pytest.raises(data.DataError, match=r"b\.csv: no such file or folder"):
        data.read(tmp_path / "b.csv")
    with pytest.raises(data.DataError, match="expected a folder with MNIST's IDX files"):
        data.read(table(tmp_path / "a.txt", "1,2\n"))
