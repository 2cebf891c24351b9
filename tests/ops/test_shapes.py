"""Shapes by the hundred: broadcasting, indexing, einsum, matmul and axes, against NumPy and differences."""

import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from table.row import distinct
from table.running import host, placed

import gpugrad as gg
from gpugrad import ops


def tried(device, strategy, check, examples=60):
    """Run ``check`` on examples of ``strategy``; on CUDA, where new shapes may be compiled, on fewer."""
    run = settings(
        max_examples=examples if device == "cpu" else examples // 4,
        deadline=None,
        derandomize=True,
        database=None,
    )
    run(given(strategy)(check))()


def numbers(shape, seed=0):
    return np.asarray(distinct(np.random.default_rng(seed), shape) * 0.3 + seed * 0.01)


def agree(f, reference, operands, device):
    """The same value as NumPy's, and the derivatives of first order."""
    operands = placed(operands, device)
    with np.errstate(all="ignore"):
        want = reference(*map(host, operands))
    got = host(f(*[gg.tensor(x, device=device) for x in operands]))
    assert got.shape == np.shape(want)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    if got.size and all(x.size for x in operands):
        gg.testing.check_grads(f, operands, order=1)


SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)

# ---- broadcasting ----


@pytest.mark.parametrize("name", ["multiply", "subtract", "maximum"])
def test_two_operands_broadcast(name, device):
    pairs = hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=3, min_side=0, max_side=3)

    def check(shapes):
        operands = [numbers(shape, seed) for seed, shape in enumerate(shapes.input_shapes)]
        agree(getattr(ops, name), getattr(np, name), operands, device)

    tried(device, pairs, check)


def test_where_broadcasts(device):
    triples = hnp.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, max_side=3)

    def check(shapes):
        condition, a, b = (numbers(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
        mask = placed(condition > 0, device)
        agree(lambda a, b: ops.where(mask, a, b), lambda a, b: np.where(condition > 0, a, b), [a, b], device)

    tried(device, triples, check)


def test_matmul_broadcasts(device):
    pairs = hnp.mutually_broadcastable_shapes(
        signature="(n?,k),(k,m?)->(n?,m?)", min_dims=0, max_dims=2, min_side=0, max_side=3
    )

    def check(shapes):
        operands = [numbers(shape, seed) for seed, shape in enumerate(shapes.input_shapes)]
        agree(ops.matmul, np.matmul, operands, device)

    tried(device, pairs, check)


# ---- indexing ----


@st.composite
def indexed(draw):
    """A shape and an index into it, of any kind."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3))
    kind = draw(st.sampled_from(["basic", "integers", "mask", "mixed"]))
    if kind == "basic":
        return shape, draw(hnp.basic_indices(shape, allow_newaxis=True))
    if kind == "integers":
        result = hnp.array_shapes(max_dims=2, max_side=3)
        return shape, draw(hnp.integer_array_indices(shape, result_shape=result))
    if kind == "mask":
        dims = draw(st.integers(1, len(shape)))
        return shape, draw(hnp.arrays(bool, shape[:dims]))
    axis = draw(st.integers(0, len(shape) - 1))
    rows = draw(hnp.arrays(int, draw(st.integers(0, 3)), elements=st.integers(-shape[axis], shape[axis] - 1)))
    parts = [draw(st.sampled_from([slice(None), slice(None, None, -1), slice(1, None), 0])) for _ in shape]
    parts[axis] = rows
    return shape, tuple(parts)


def test_reading(device):
    def check(example):
        shape, key = example
        there = placed(key, device)
        agree(lambda x: x[there], lambda x: x[key], [numbers(shape)], device)

    tried(device, indexed(), check, 120)


def assigned(x, values, key):
    y = np.array(x)
    y[key] = values
    return y


def added(x, values, key):
    y = np.array(x)
    np.add.at(y, key, values)
    return y


@pytest.mark.parametrize(("f", "reference"), [(ops.index_update, assigned), (ops.index_add, added)])
@pytest.mark.parametrize("broadcast", [False, True])
def test_writing(f, reference, broadcast, device):
    def check(example):
        shape, key = example
        x, there = numbers(shape), placed(key, device)
        if f is ops.index_update and device == "cuda" and added(x * 0, 1, key).max(initial=0) > 1:
            return  # which of several values is written last is up to the GPU
        values = numbers(() if broadcast else x[key].shape, 1)
        agree(lambda x, v: f(x, there, v), lambda x, v: reference(x, v, key), [x, values], device)

    tried(device, indexed(), check, 120)


# ---- axes ----


@st.composite
def reduced(draw):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, max_side=3))
    one_axis = st.sampled_from([*range(-len(shape), len(shape))] or [None])
    axis = draw(st.none() | one_axis | hnp.valid_tuple_axes(len(shape)))
    return shape, axis, draw(st.booleans())


def _logsumexp(x, axis, keepdims):
    return np.log(np.sum(np.exp(x), axis, keepdims=keepdims))


def _norm(x, axis, keepdims):
    return np.sqrt(np.sum(x * x, axis, keepdims=keepdims))


REFERENCES = {"logsumexp": _logsumexp, "euclidean_norm": _norm}


@pytest.mark.parametrize("name", ["sum", "mean", "max", "prod", "var", "logsumexp", "euclidean_norm"])
def test_reductions(name, device):
    def check(example):
        shape, axis, keepdims = example
        how = {"axis": axis, "keepdims": keepdims}
        f, reference = getattr(ops.reduction, name), REFERENCES.get(name) or getattr(np, name)
        agree(lambda x: f(x, **how), lambda x: reference(x, **how), [numbers(shape)], device)

    tried(device, reduced(), check, 40)


# ---- einsum ----


@st.composite
def expressions(draw):
    """Subscripts with repeated letters and letters of one term only, and shapes that go with them."""
    letters = string.ascii_letters[: draw(st.integers(1, 4))]
    lengths = {letter: draw(st.integers(1, 3)) for letter in letters}
    terms = draw(st.lists(st.text(letters, max_size=3), min_size=1, max_size=3))
    known = sorted(set("".join(terms)))
    result = "".join(draw(st.lists(st.sampled_from(known), unique=True))) if known else ""
    return f"{','.join(terms)}->{result}", [tuple(lengths[letter] for letter in term) for term in terms]


def test_einsum(device):
    def check(example):
        subscripts, shapes = example
        operands = [numbers(shape, seed) for seed, shape in enumerate(shapes)]
        agree(
            lambda *xs: ops.einsum(subscripts, *xs), lambda *xs: np.einsum(subscripts, *xs), operands, device
        )

    tried(device, expressions(), check)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk->ik", [(4, 1), (3, 2)]),
        ("ij,jk->ik", [(4, 3), (1, 2)]),
        ("ij,ij->", [(1, 3), (2, 1)]),
        ("i,i,ij->j", [(1,), (3,), (1, 2)]),
        ("ii,i->i", [(3, 3), (1,)]),
    ],
)
def test_einsum_stretches_length_one(subscripts, shapes, device):
    operands = [numbers(shape, seed) for seed, shape in enumerate(shapes)]
    agree(lambda *xs: ops.einsum(subscripts, *xs), lambda *xs: np.einsum(subscripts, *xs), operands, device)
