"""no_grad and enable_grad."""

import threading

import pytest

import gpugrad as gg
from gpugrad.core.modes import special, state


@pytest.fixture(autouse=True)
def _no_mode_is_left():
    yield
    assert gg.is_grad_enabled()
    assert special == state.outer == []


@pytest.fixture
def x():
    return gg.tensor(2.0, requires_grad=True)


def test_nothing_is_recorded_inside(x):
    with gg.no_grad():
        assert not gg.is_grad_enabled()
        y = x * x
    assert not y.requires_grad
    assert y.item() == 4
    assert (x * x).requires_grad


def test_as_decorators(x):
    @gg.no_grad()
    def plain(t):
        """Twice."""
        return t * 2

    @gg.enable_grad()
    def recorded(t):
        return t * 2

    assert not plain(x).requires_grad
    assert plain.__doc__ == "Twice."
    with gg.no_grad():
        assert recorded(x).requires_grad
        assert not gg.is_grad_enabled()


def test_nested(x):
    with gg.no_grad():
        with gg.enable_grad():
            with gg.no_grad():
                assert not (x * 1).requires_grad
            assert (x * 1).requires_grad
        assert not (x * 1).requires_grad
        with gg.no_grad():
            pass
        assert not (x * 1).requires_grad


def test_one_object_may_be_entered_again_and_again(x):
    quietly = gg.no_grad()
    with quietly, quietly:
        assert not (x * 1).requires_grad
    assert (x * 1).requires_grad

    @quietly
    def countdown(n):
        return countdown(n - 1) if n else (x * 1).requires_grad

    assert countdown(5) is False


def test_an_exception_inside_ends_the_mode(x):
    @gg.no_grad()
    def fails():
        raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            fails()
        with pytest.raises(ZeroDivisionError), gg.no_grad(), gg.enable_grad(), gg.no_grad():
            1 / 0  # noqa: B018
        assert (x * 1).requires_grad


def test_the_mode_of_another_thread_is_not_seen(x):
    entered, checked = threading.Event(), threading.Event()
    inside = []

    def other():
        with gg.no_grad():
            entered.set()
            checked.wait()
            inside.append((x * 1).requires_grad)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait()
    assert (x * 1).requires_grad
    assert gg.is_grad_enabled()
    checked.set()
    thread.join()
    assert inside == [False]


def test_one_object_in_two_threads(x):
    quietly = gg.no_grad()
    entered, leave = threading.Event(), threading.Event()

    def other():
        with gg.no_grad(), quietly:
            entered.set()
            leave.wait()
        inside.append(gg.is_grad_enabled())

    inside = []
    thread = threading.Thread(target=other)
    thread.start()
    entered.wait()
    with quietly:
        leave.set()
        thread.join()
    assert inside == [True]
    assert gg.is_grad_enabled()


def test_a_new_thread_records_whatever_its_parent_does(x):
    found = []
    with gg.no_grad():
        thread = threading.Thread(target=lambda: found.append((x * 1).requires_grad))
        thread.start()
        thread.join()
    assert found == [True]


def test_a_leaf_made_inside_requires_grad():
    with gg.no_grad():
        w = gg.tensor(1.0, requires_grad=True)
        assert not (w * 2).requires_grad
    assert (w * 2).requires_grad


def test_a_graph_from_outside_can_be_swept_inside(x):
    y = x * x
    with gg.no_grad():
        y.backward()
    assert x.grad.item() == 4
    assert not x.grad.requires_grad


def test_transforms_record_inside_no_grad(x):
    with gg.no_grad():
        assert gg.grad(lambda t: t * t)(3.0) == 6
        g = gg.grad(lambda t: t * x)(3.0)
        assert not gg.is_grad_enabled()
    assert g == 2  # an array: what x contributed is a constant in here


def test_no_grad_inside_a_function_makes_constants():
    def f(t):
        with gg.no_grad():
            factor = t * 10
        return factor * t

    assert gg.grad(f)(2.0) == 20
