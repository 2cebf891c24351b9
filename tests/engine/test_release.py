"""Graphs die by reference counting alone, and keep only what their rules read."""

import gc
import weakref

import numpy as np
import pytest

import gpugrad as gg


@pytest.fixture(autouse=True)
def _without_the_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*values):
    return gg.tensor(values or (1.0, 2.0), requires_grad=True)


def watch(*tensors):
    """Weak references to the arrays and to the nodes of ``tensors``."""
    return [weakref.ref(t.data) for t in tensors], [weakref.ref(t.node) for t in tensors]


def alive(refs):
    return [ref() is not None for ref in refs]


def test_a_graph_dies_with_its_last_tensor():
    x = leaf()
    a = gg.tanh(x)
    b = gg.matmul(gg.stack([a, a * x]), a)
    c = gg.softmax(b).sum()
    arrays, nodes = watch(a, b, c)
    del a, b
    assert alive(nodes) == [True, True, True]
    del c
    assert alive(nodes) == alive(arrays) == [False, False, False]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_graph_dies_after_backward(create_graph):
    x = leaf()
    y = (gg.sin(x) * x).sum()
    y.backward(create_graph=create_graph)
    arrays, nodes = watch(y)
    x.grad = None
    del y
    assert alive(nodes) == alive(arrays) == [False]


def test_a_leaf_dies_with_its_gradient():
    x = leaf()
    (x * x).sum().backward()
    refs = [weakref.ref(x.node), weakref.ref(x.data), weakref.ref(x.grad)]
    del x
    assert alive(refs) == [False, False, False]


@pytest.mark.parametrize(
    "transform",
    [
        lambda f, x: gg.grad(f)(x),
        lambda f, x: gg.vjp(f, x)[1](1.0),
        lambda f, x: gg.jvp(f, (x,), (x,)),
        lambda f, x: gg.grad(lambda v: (gg.grad(f)(v) * v).sum())(x),
    ],
)
@pytest.mark.parametrize("given", [np.asarray, gg.tensor])
def test_transforms_leave_nothing(transform, given):
    made = []

    def f(x):
        y = gg.exp(x) * x
        made.extend([weakref.ref(y.data), weakref.ref(y.node)])
        return y.sum()

    result = transform(f, given([1.0, 2.0]))
    del result
    assert alive(made) == [False] * len(made)


def test_exceptions_leave_nothing():
    made = []

    def f(x):
        y = gg.exp(x)
        made.append(weakref.ref(y.node))
        raise KeyError

    with pytest.raises(KeyError) as caught:
        gg.grad(f)(1.0)
    del caught
    assert alive(made) == [False]


# ---- what is kept ----

KEPT = {  # by operation: is the operand kept, is the result
    "tanh": (gg.tanh, False, True),
    "exp": (gg.exp, False, True),
    "sigmoid": (gg.sigmoid, False, True),
    "sqrt": (gg.sqrt, False, True),
    "relu": (gg.relu, False, True),
    "sin": (gg.sin, True, False),
    "log": (gg.log, True, False),
    "square": (gg.square, True, False),
    "negative": (gg.negative, False, False),
    "plus one": (lambda x: x + 1, False, False),
    "twice": (lambda x: x * 2, False, False),
    "one less": (lambda x: 1 - x, False, False),
    "sum with itself": (lambda x: x + x, False, False),
    "product with itself": (lambda x: x * x, True, False),
    "sum": (lambda x: x.sum(0), False, False),
    "mean": (lambda x: x.mean(0), False, False),
    "transpose": (lambda x: gg.flip(x).T, False, False),
    "index": (lambda x: x[[0, 1]], False, False),
    "concatenate": (lambda x: gg.concatenate([x, x]), False, False),
    "softmax": (gg.softmax, False, True),
    "where": (lambda x: gg.where(np.ones(2, bool), x, 0.0), False, False),
}


@pytest.mark.parametrize("name", KEPT)
def test_only_what_a_rule_reads_is_kept(name):
    f, keeps_operand, keeps_result = KEPT[name]
    x = leaf() * 1.0
    y = f(x)
    operand, result = weakref.ref(x.data), weakref.ref(y.data)
    end = y.sum()
    del x, y
    assert (operand() is not None, result() is not None) == (keeps_operand, keeps_result)
    end.backward()


def test_adding_keeps_no_array():
    a, b = leaf() * 1.0, leaf() * 1.0
    c = a + b
    arrays, nodes = watch(a, b, c)
    end = c.sum()
    del a, b, c
    assert alive(arrays) == [False, False, False]
    assert alive(nodes) == [True, True, True]
    end.backward()


def test_a_factor_is_kept_only_for_an_operand_that_requires_grad():
    a, b = leaf() * 1.0, gg.tensor([3.0, 4.0])
    refs, _ = watch(a)
    (constant,) = [weakref.ref(b.data)]
    end = (a * b).sum()
    del a, b
    assert alive(refs) == [False]
    assert constant() is not None
    end.backward()
    assert constant() is None


def test_without_gradient_nothing_is_kept():
    x = leaf()
    with gg.no_grad():
        y = gg.tanh(x)
        ref = weakref.ref(y.data)
        z = y * 2
        del y
    assert ref() is None
    assert not z.requires_grad


def test_backward_frees_as_it_goes():
    """When the rule of the first operation runs, what later ones kept has been let go."""
    seen = []

    @gg.primitive
    def first(xp, x):
        return x * 1

    def rule(g):
        seen.append(alive(refs))
        return g

    gg.elementwise(first, rule)
    a = first(leaf())
    b = gg.exp(a)
    c = gg.exp(b)
    refs, _ = watch(b, c)
    end = c.sum()
    del a, b, c
    assert alive(refs) == [True, True]
    end.backward()
    assert seen == [[False, False]]


def test_a_kept_graph_keeps_its_arrays():
    y = gg.exp(leaf())
    ref = weakref.ref(y.data)
    end = y.sum()
    del y
    end.backward(retain_graph=True)
    assert ref() is not None
    end.backward()
    assert ref() is None
