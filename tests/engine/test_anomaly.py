"""detect_anomaly names the operation, the user's line, the shapes and the operand."""

import inspect

import numpy as np
import pytest

import gpugrad as gg

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def here():
    """The line of the caller."""
    return inspect.currentframe().f_back.f_lineno


def test_forward(device):
    x = gg.tensor([[1.0, 0.0], [2.0, -1.0]], device=device, requires_grad=True)
    with gg.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        line = here() + 1
        gg.log(x) * 2
    text = str(caught.value)
    assert "log of finite operands of shapes ((2, 2)) gave -inf at index (0, 1) of shape (2, 2)" in text
    assert f'File "{__file__}", line {line}, in test_forward: gg.log(x) * 2' in text


def test_forward_with_two_operands_and_a_number():
    x = gg.tensor([1.0, 2.0])
    with gg.detect_anomaly():
        with pytest.raises(
            FloatingPointError, match=r"divide of finite operands of shapes \(\(2,\), \(2,\)\)"
        ):
            x / gg.tensor([1.0, 0.0])
        with pytest.raises(FloatingPointError, match=r"divide of finite operands of shapes \(\(2,\), 0\)"):
            x / 0


def test_forward_through_numpy_and_operators_names_the_users_line():
    x = gg.tensor([0.0, 1.0])
    for f in (lambda: np.log(x), lambda: np.divide(1.0, x), lambda: np.ones(2) / x, lambda: 1 / x):
        with gg.detect_anomaly(), pytest.raises(FloatingPointError, match=r"test_anomaly.py.*lambda: "):
            f()


def test_backward_names_the_line_that_made_the_node(device):
    x = gg.tensor([1.0, 0.0, 4.0], device=device, requires_grad=True)
    with gg.detect_anomaly():
        line, y = here(), gg.sqrt(x)
        z = (y * 3).sum()
        with pytest.raises(FloatingPointError) as caught:
            z.backward()
    text = str(caught.value)
    assert "the gradient of operand 'x' of sqrt is the first that is not finite" in text
    assert "the cotangent of shape (3,) was finite, the gradient has inf at index (1,)" in text
    assert f'made at File "{__file__}", line {line}, in test_backward_names' in text
    assert x.grad is None


def test_backward_names_the_operand():
    a = gg.tensor([-1.0], requires_grad=True)
    b = gg.tensor([2.0], requires_grad=True)
    with gg.detect_anomaly():
        y = (a**b).sum()
        with pytest.raises(FloatingPointError, match=r"operand 'b' of power.*\(1,\).*\n  made at"):
            y.backward()


def test_an_operand_among_many():
    @gg.primitive
    def total(xp, *xs):
        return xs[0] + xs[1]

    gg.by_hand(total, vjp=(lambda g, i: g * (np.inf if i else 1),), jvp=(None,))
    a, b = (gg.tensor([1.0], requires_grad=True) for _ in range(2))
    with gg.detect_anomaly():
        y = total(a, b).sum()
        with pytest.raises(FloatingPointError, match=r"operand 'xs\[1\]' of total"):
            y.backward()


def test_a_graph_made_before_the_block_says_how_to_learn_its_line():
    x = gg.tensor([0.0], requires_grad=True)
    y = gg.sqrt(x).sum()
    with (
        gg.detect_anomaly(),
        pytest.raises(FloatingPointError, match="run the forward pass under detect_anomaly"),
    ):
        y.backward()


def test_with_create_graph():
    x = gg.tensor([0.0], requires_grad=True)
    with gg.detect_anomaly():
        y = gg.sqrt(x).sum()
        with pytest.raises(FloatingPointError, match="inf"):
            y.backward(create_graph=True)


def test_what_comes_in_bad_is_not_the_operations_fault():
    x = gg.tensor([np.nan, np.inf], requires_grad=True)
    with gg.detect_anomaly():
        y = (x * 2 + 1).sum()
        y.backward()
    assert x.grad.tolist() == [2, 2]


def test_integers_and_booleans_are_always_finite():
    x = gg.tensor([1, 2])
    with gg.detect_anomaly():
        assert (x * 2 > 3).tolist() == [False, True]


def test_transforms():
    with gg.detect_anomaly():
        with pytest.raises(FloatingPointError, match="operand 'x' of sqrt"):
            gg.grad(lambda x: gg.sqrt(x).sum())(np.array([0.0, 1.0]))
        assert gg.grad(lambda x: gg.sqrt(x))(4.0) == 0.25


def test_nothing_is_checked_outside():
    x = gg.tensor([0.0], requires_grad=True)
    gg.sqrt(x).sum().backward()
    assert x.grad.tolist() == [np.inf]


def test_a_user_whose_folder_begins_like_the_package(tmp_path):
    """``gpugrad-experiments/`` beside ``gpugrad/`` is the user's."""
    from gpugrad.core import anomaly

    source = "def run(gg):\n    return gg.log(gg.tensor([0.0]))\n"
    file = anomaly._PACKAGE.rstrip("/\\") + "-experiments/run.py"
    names = {}
    exec(compile(source, file, "exec"), names)
    with gg.detect_anomaly(), pytest.raises(FloatingPointError, match=r"experiments/run.py\", line 2"):
        names["run"](gg)
