"""checkpoint: the same derivatives, with less kept."""

import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import gpugrad as gg

RNG = np.random.default_rng(0)
W = RNG.normal(size=(3, 3))
X, V = RNG.normal(size=(2, 3))


def layer(w, x):
    return gg.tanh(w @ x) * gg.sin(x)


def test_same_value_and_gradients_of_every_order(xp):
    w, x = xp.asarray(W), xp.asarray(X)
    gg.testing.check_grads(gg.checkpoint(layer), (w, x), order=3 if xp is np else 2)
    for n in (gg.checkpoint(layer), gg.checkpoint(gg.checkpoint(layer))):
        got = gg.grad(lambda w: (n(w, x) ** 2).sum())(w)  # noqa: B023
        expected = gg.grad(lambda w: (layer(w, x) ** 2).sum())(w)
        np.testing.assert_allclose(gg.tensor(got).numpy(), gg.tensor(expected).numpy(), rtol=1e-12)


def test_pytrees_constants_and_keyword_arguments():
    @gg.checkpoint
    def f(p, *, scale, name):
        assert name == "f"
        return {"y": gg.sin(p["a"]) * p["b"][0] * scale, "n": 3, "none": None}

    a, b = gg.tensor(X, requires_grad=True), gg.tensor(2.0, requires_grad=True)
    result = f({"a": a, "b": [b]}, scale=5.0, name="f")
    assert result["n"] == 3
    assert result["none"] is None
    result["y"].sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), 10 * np.cos(X))
    np.testing.assert_allclose(b.grad.numpy(), 5 * np.sin(X).sum())


def test_results_that_nothing_asks_about():
    f = gg.checkpoint(lambda x: (gg.sin(x), gg.cos(x) * W[0]))
    x = gg.tensor(X, requires_grad=True)
    f(x)[0].sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.cos(X))


def test_leaves_that_are_closed_over():
    w = gg.tensor(W, requires_grad=True)
    scale = gg.tensor(2.0, requires_grad=True)
    h = gg.exp(scale)  # a graph that is closed over, of a leaf that is closed over too
    f = gg.checkpoint(lambda x: (layer(w, x) * h * scale, x @ w))
    x = gg.tensor(X, requires_grad=True)
    f(x)[0].sum().backward()
    got = [t.grad.numpy() for t in (w, scale, x)]
    w.grad = scale.grad = x.grad = None
    (layer(w, x) * gg.exp(scale) * scale).sum().backward()
    for g, t in zip(got, (w, scale, x), strict=True):
        np.testing.assert_allclose(g, t.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("transform", [gg.jacrev, gg.jacfwd, gg.jacobian])
def test_closed_over_in_a_jacobian(transform):
    """The sweep runs in a batch of unit arrays, of which the function evaluated again knows nothing."""
    w = gg.tensor(W, requires_grad=True)
    got, expected = (transform(f)(X) for f in (gg.checkpoint(lambda x: layer(w, x)), lambda x: layer(w, x)))
    np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-12)
    gradients = []
    for j in (got, expected):
        (j * j).sum().backward()
        gradients.append(w.grad.numpy())
        w.grad = None
    np.testing.assert_allclose(*gradients, rtol=1e-12)


def test_the_pull_of_vjp_mapped_over():
    w = gg.tensor(X, requires_grad=True)
    _, pull = gg.vjp(gg.checkpoint(lambda x: gg.vmap(lambda a, b: a * b)(w, x)), V)
    rows = gg.vmap(pull)(np.eye(3))[0]
    np.testing.assert_allclose(rows.numpy(), np.diag(X))
    rows.sum().backward()
    assert w.grad.numpy().tolist() == [1, 1, 1]


def test_only_what_is_closed_over_requires_grad():
    w = gg.tensor(3.0, requires_grad=True)
    gg.checkpoint(lambda: w * w)().backward()
    assert w.grad.item() == 6
    w.grad = None
    g = gg.grad(lambda x: gg.checkpoint(lambda: w * x * x)())(2.0)
    assert g.item() == 12
    g.backward()
    assert w.grad.item() == 4


def test_nothing_is_kept_but_the_arguments():
    kept = []

    def f(x):
        y = gg.sin(x)
        kept.append(weakref.ref(y.data))
        return gg.sin(y)

    x = gg.tensor(X, requires_grad=True)
    y = gg.checkpoint(f)(x)
    assert kept[0]() is None
    y.sum().backward()
    assert len(kept) == 2
    assert kept[1]() is None
    with gg.no_grad():
        assert not gg.checkpoint(f)(x).requires_grad


# ---- memory ----


def chain(layers, segment):
    """A chain of sines in checkpoints of ``segment``, and how many of its values were alive at a time."""
    values, alive = [], []

    def steps(x):
        for _ in range(segment):
            x = gg.sin(x)
            values.append(weakref.ref(x.data))
            alive.append(sum(ref() is not None for ref in values))
        return x

    def f(x):
        for _ in range(layers // segment):
            x = gg.checkpoint(steps)(x) if segment > 1 else steps(x)
        return x

    return f, alive


@pytest.mark.parametrize(("layers", "segment", "most"), [(64, 1, 64), (64, 8, 17), (256, 16, 33)])
def test_live_values_of_a_chain(layers, segment, most):
    """At most one for each checkpoint and those of the segment at hand, forward and backward."""
    f, alive = chain(layers, segment)
    x = gg.tensor(X, requires_grad=True)
    f(x).sum().backward()
    assert len(alive) == layers * (1 if segment == 1 else 2)
    assert max(alive) <= most
    assert segment > 1 or max(alive) == most


def test_memory_of_a_chain_of_64_layers():
    """Peak of forward and backward pass: 64 values of 80 kB without, about 2 * 8 with checkpoints."""
    peaks = {}
    for segment in (1, 8):
        f, _ = chain(64, segment)
        x = gg.tensor(np.ones(10_000), requires_grad=True)
        tracemalloc.start()
        f(x).sum().backward()
        peaks[segment] = tracemalloc.get_traced_memory()[1] / 80_000
        tracemalloc.stop()
    assert peaks[1] > 64
    assert peaks[8] < 24


# ---- random numbers ----


def test_random_numbers_are_drawn_again():
    def dropout(x, rng):
        return x * (rng.random(x.shape) < 0.5) * np.random.normal()

    rng = np.random.default_rng(0)
    np.random.seed(0)
    x = gg.tensor(np.ones(50), requires_grad=True)
    f = gg.checkpoint(lambda x, rngs: dropout(dropout(x, rngs["a"]), rngs["a"]))
    y = f(x, {"a": rng})
    after = rng.bit_generator.state, np.random.get_state()[2]
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())
    assert rng.bit_generator.state == after[0]
    assert np.random.get_state()[2] == after[1]


def test_a_generator_that_is_closed_over():
    rng = np.random.default_rng(0)

    def f(x):
        return x * rng.normal(size=x.shape)

    x = gg.tensor(np.ones(5), requires_grad=True)
    y = gg.checkpoint(f)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())
    assert not (f(x).numpy() == y.numpy()).any()


def test_generators_are_put_back_after_an_error():
    fail = False

    def f(x, rng):
        if fail:
            rng.random(5)
            raise ZeroDivisionError
        return x * rng.random()

    rng = np.random.default_rng(0)
    y = gg.checkpoint(f)(gg.tensor(1.0, requires_grad=True), rng)
    fail, after = True, rng.bit_generator.state
    with pytest.raises(ZeroDivisionError):
        y.backward()
    assert rng.bit_generator.state == after
    assert gg.is_grad_enabled()


# ---- errors and states ----


def test_a_function_that_changes():
    n = 2
    f = gg.checkpoint(lambda x: x[:n])
    y = f(gg.tensor(X, requires_grad=True))
    n = 3
    with pytest.raises(RuntimeError, match="evaluated <lambda> again, and it gave results of other shapes"):
        y.sum().backward()


def test_an_argument_written_to_meanwhile():
    x = gg.tensor(X, requires_grad=True)
    y = gg.checkpoint(gg.sin)(x)
    with gg.no_grad():
        x += 1.0
    with pytest.raises(RuntimeError, match="changed in place afterwards"):
        y.sum().backward()


def test_a_freed_graph():
    x = gg.tensor(X, requires_grad=True)
    y = gg.checkpoint(gg.sin)(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.cos(X))
    with pytest.raises(RuntimeError, match=r"freed by an earlier backward"):
        y.backward()


def test_no_reference_cycle_and_the_graph_dies():
    import gc

    gc.disable()
    try:
        x = gg.tensor(X, requires_grad=True)
        h = gg.sin(x)
        ref = weakref.ref(h.data)
        y = gg.checkpoint(gg.cos)(h)
        del h
        assert ref() is not None
        del y
        assert ref() is None
    finally:
        gc.enable()


def test_threads():
    results = {}

    def work(k):
        x = gg.tensor(X * k, requires_grad=True)
        for _ in range(20):
            x.grad = None
            gg.checkpoint(lambda x: gg.sin(x) * x)(x).sum().backward()
        results[k] = x.grad.numpy()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, g in results.items():
        np.testing.assert_allclose(g, np.cos(X * k) * X * k + np.sin(X * k))
