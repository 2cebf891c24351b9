"""vmap: axes and pytrees, plain arrays and Tensors, what Python may ask, what is left behind."""

import threading

import numpy as np
import pytest
from table.running import host, placed

import gpugrad as gg
from gpugrad.core.batched import levels

rng = np.random.default_rng(0)
X, W = rng.normal(size=(3, 4)), rng.normal(size=(4, 5))


def equal(got, want):
    assert isinstance(got, type(want))
    np.testing.assert_allclose(host(got), host(want), rtol=1e-12, atol=1e-12)


# ---- axes ----


def test_each_example_sees_its_own_shape():
    def f(x):
        assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((4,), 1, 4, 4, np.float64)
        return x.sum()

    equal(gg.vmap(f)(X), X.sum(1))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_axes_in_and_out(axis, device):
    x = placed(rng.normal(size=(2, 3, 4)), device)
    got = gg.vmap(lambda a: gg.cumsum(a, 0), axis, axis)(x)
    want = np.stack([np.cumsum(a, 0) for a in np.moveaxis(host(x), axis, 0)], axis)
    np.testing.assert_allclose(host(got), want, rtol=1e-12)


def test_some_arguments_are_shared():
    equal(gg.vmap(lambda x, w: x @ w, (0, None))(X, W), X @ W)
    equal(gg.vmap(lambda x, w: x @ w, [None, 1], 1)(X, W), X @ W)


def test_a_shared_array_is_a_tensor_too():
    """``table[i]`` of a plain array would be NumPy's indexing, which takes no Tensor."""
    got = gg.vmap(lambda i, table: table[i], (0, None))(np.array([2, 0]), W)
    np.testing.assert_array_equal(got, W[[2, 0]])


def test_pytrees_and_prefixes():
    tree = {"x": X, "pair": (W, 2.0), "none": None}

    def f(tree, scale):
        return {"y": tree["x"] @ tree["pair"][0] * scale, "same": tree["pair"][1]}

    axes = ({"x": 0, "pair": None, "none": 0}, 0)
    got = gg.vmap(f, axes, {"y": 1, "same": None})(tree, np.arange(3.0))
    equal(got["y"], (X @ W * np.arange(3.0)[:, None]).T)
    assert got["same"] == 2.0


def test_keyword_arguments_are_mapped_over_their_first_axis():
    equal(gg.vmap(lambda x, *, shift: x + shift)(X, shift=np.arange(3.0)), X + np.arange(3.0)[:, None])


def test_a_result_that_is_the_same_in_all_examples_is_repeated():
    got = gg.vmap(lambda x: (W[0], 1.0, None), out_axes=(1, 0, 0))(X)
    equal(got[0], np.repeat(W[0][:, None], 3, 1))
    equal(got[1], np.ones(3))
    assert got[2] is None and got[0].flags.writeable


def test_tensors_in_tensors_out_arrays_in_arrays_out(xp, device):
    x = placed(X, device)
    assert type(gg.vmap(gg.sin)(x)) is xp.ndarray
    assert type(gg.vmap(gg.sin)(gg.tensor(x))) is gg.Tensor
    w = gg.tensor(W, device=device, requires_grad=True)
    assert gg.vmap(lambda x: x @ w)(x).requires_grad, "an array would lose the gradient"


def test_no_examples():
    assert gg.vmap(lambda x: (x @ W).sum())(X[:0]).shape == (0,)
    assert gg.vmap(gg.grad(lambda x: (gg.tanh(x) @ W).sum()))(X[:0]).shape == (0, 4)
    assert gg.vmap(triple)(X[:0]).shape == (0, 4)
    assert gg.vmap(lambda x: gg.vmap(triple)(x))(np.ones((0, 2, 3))).shape == (0, 2, 3)


def test_numpy_functions_and_operators():
    equal(
        gg.vmap(lambda x: np.sin(x) + W[:, 0] * np.sum(x) - X[0] @ W @ np.ones(5))(X),
        np.sin(X) + W[:, 0] * X.sum(1)[:, None] - X[0] @ W @ np.ones(5),
    )


# ---- nesting ----


def test_every_pair():
    got = gg.vmap(lambda a: gg.vmap(lambda b: a * b + a.sum(), out_axes=1)(X))(X)
    want = X[:, :, None] * X.T[None] + X.sum(1)[:, None, None]
    equal(got, want)


def test_three_deep_with_values_of_every_level():
    f = gg.vmap(lambda a: gg.vmap(lambda b: gg.vmap(lambda c: a * b[0] + b * c + c * a.sum())(X))(X))
    a, b, c = X[:, None, None], X[None, :, None], X[None, None]
    equal(f(X), a * b[..., :1] + b * c + c * a.sum(-1, keepdims=True))


def test_over_two_axes():
    x = rng.normal(size=(2, 3, 4))
    equal(gg.vmap(gg.vmap(lambda v: gg.softmax(v), 1, 1), 2, 2)(x), np.asarray(gg.softmax(x, 0)))


# ---- indices and values ----


def test_index_that_differs_by_example(device):
    x, i = placed(rng.normal(size=(3, 5, 6)), device), placed(np.array([[4, 0], [1, 1], [2, 3]]), device)
    table = gg.tensor(W, device=device)

    def f(x, i):
        return x[i], x[:, i], x[i[0], :, None], x[..., i, 0], table[i[0] % 4], gg.take(x, i, 1), x[i, i]

    got = gg.vmap(f)(x, i)
    for k in range(3):
        want = [host(y) for y in f(gg.tensor(x)[k], gg.tensor(i)[k])]
        for g, w in zip(got, want, strict=True):
            np.testing.assert_array_equal(host(g)[k], w)


def test_index_of_an_outer_level():
    table = gg.tensor(W, requires_grad=True)
    i, j = np.array([1, 3, 0]), np.array([1, 2])
    outer = lambda f: gg.vmap(lambda i: gg.vmap(lambda j: f(i, j))(j))(i)  # noqa: E731
    equal(outer(lambda i, j: table[i, j] * 1).detach().numpy(), W[np.ix_(i, j)])
    equal(outer(lambda i, j: gg.take(W, i, 0)[0]), np.repeat(W[i, :1], 2, 1))
    outer(lambda i, j: table[i, j] ** 2).sum().backward()
    want = np.zeros_like(W)
    want[np.ix_(i, j)] = 2 * W[np.ix_(i, j)]
    equal(table.grad.numpy(), want)

    def added(i, j):
        return gg.grad(lambda w: gg.index_add(w * w, (i, j), 3 * w[i, j])[(w[3].argmin() + i) % 4].sum())(W)

    got = outer(added)
    for a, i_ in enumerate(i):
        for b, j_ in enumerate(j):
            want = np.zeros_like(W)
            k = (W[3].argmin() + i_) % 4
            want[k] = 2 * W[k]
            want[i_, j_] += 3 * (k == i_)
            equal(got[a, b], want)


def test_gradient_of_an_index_that_differs(device):
    x, i = placed(rng.normal(size=(3, 5)), device), placed(np.array([[4, 0], [1, 1], [2, 3]]), device)
    got = host(gg.vmap(gg.grad(lambda x, i: (x[i] ** 2).sum()))(x, i))
    want = np.zeros((3, 5))
    for k in range(3):
        np.add.at(want[k], host(i)[k], 2 * host(x)[k, host(i)[k]])
    np.testing.assert_allclose(got, want)


def test_setting_elements_gives_new_values():
    def f(x, i):
        t, u = x * 1, gg.tensor(np.zeros(4))
        t[0] = x[1] * 2
        t[i] = 7.0
        u[1] = x[0]  # the handle of an unmapped Tensor takes the values of the examples
        t[t > 5] = 5.0
        return t, u

    t, u = gg.vmap(f)(X, np.array([1, 2, 3]))
    want = X.copy()
    want[:, 0] = 2 * X[:, 1]
    want[np.arange(3), [1, 2, 3]] = 7
    equal(t, np.minimum(want, 5))
    equal(u, np.stack([0 * X[:, 0], X[:, 0], 0 * X[:, 0], 0 * X[:, 0]], 1))


def test_sorting_and_choosing():
    equal(gg.vmap(gg.sort)(X), np.sort(X))
    equal(gg.vmap(lambda x: gg.where(x.sum() > 0, x, -x))(X), np.where(X.sum(1)[:, None] > 0, X, -X))
    equal(gg.vmap(lambda x: x[x.argmax()])(X), X.max(1))


# ---- primitives of users ----


@gg.primitive
def triple(xp, x):
    """No batching rule: the examples go through it one by one."""
    assert x.ndim <= 1
    return x * 3 + 0 * x.sum()


gg.linear(triple, lambda g: triple(g))


def test_a_primitive_without_a_rule(device):
    x = placed(X, device)
    np.testing.assert_allclose(host(gg.vmap(triple)(x)), 3 * X)
    np.testing.assert_allclose(host(gg.vmap(gg.grad(lambda x: (triple(x) ** 2).sum()))(x)), 18 * X)
    np.testing.assert_allclose(host(gg.grad(lambda x: (gg.vmap(triple)(x) ** 2).sum())(x)), 18 * X)
    nested = gg.vmap(gg.vmap(lambda a, b: triple(a) * b, (None, 0)), (0, None))(x, x)
    np.testing.assert_allclose(host(nested), 3 * X[:, None] * X)


# ---- modes ----


def test_stop_gradient_and_detach_cut_every_graph():
    for cut in (gg.stop_gradient, gg.Tensor.detach, gg.tensor):
        equal(gg.grad(lambda x, cut=cut: gg.vmap(lambda a: cut(a) * a)(x).sum())(X), X)
        equal(gg.vmap(gg.grad(lambda a, cut=cut: (cut(a) * a).sum()))(X), X)


def test_no_grad_and_anomaly():
    w = gg.tensor(W, requires_grad=True)
    with gg.no_grad():
        assert type(gg.vmap(lambda x: x @ w)(X)) is np.ndarray
    with gg.detect_anomaly(), np.errstate(all="ignore"):
        with pytest.raises(FloatingPointError, match=r"log of finite operands.*gave -inf at index \(1,\)"):
            gg.vmap(lambda x: gg.log(x))(np.array([1.0, 0.0]))
    with gg.guard_arrays():
        equal(gg.vmap(gg.grad(lambda x: (x**3).sum()))(X), 3 * X**2)


def test_leaves():
    w = gg.tensor(W, requires_grad=True)
    gg.vmap(lambda x: (x @ w).sum())(X).sum().backward()
    equal(w.grad.numpy(), np.repeat(X.sum(0)[:, None], 5, 1))
    with pytest.raises(RuntimeError, match=r"inside of vmap use gpugrad\.grad"):
        gg.vmap(lambda x: (x @ w).sum().backward())(X)
    with pytest.raises(RuntimeError, match="cannot become a leaf"):
        gg.vmap(lambda x: x.requires_grad_())(X)
    with gg.no_grad(), pytest.raises(TypeError, match="not a value for one leaf"):
        gg.vmap(lambda x: w.assign_(x[0]))(X)


# ---- errors ----


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda x: x if x.sum() > 0 else -x, "one number"),
        (lambda x: float(x[0]), "one number"),
        (lambda x: x[0].item(), "one number"),
        (lambda x: list(range(int(x[0]))), "one number"),
        (lambda x: x.numpy(), "an array of numbers"),
        (lambda x: W[x.argmax()], r"an index of a plain array.*"),
        (lambda x: gg.nonzero(x), r"what nonzero\(\) can count"),
    ],
)
def test_python_cannot_look_at_a_value(ask, what):
    with pytest.raises(
        TypeError, match=rf"(?s)not {what} inside of vmap.*3 examples.*gpugrad.where.*test_vmap.py"
    ):
        gg.vmap(ask)(X)


def test_repr_can_be_printed():
    seen = []
    gg.vmap(lambda x: seen.append(repr(x)) or x)(X)
    assert seen == ["Tensor(Batched(shape=(4,), dtype=float64, examples=3))"]


def test_masks_pick_another_number_in_each_example():
    with pytest.raises(TypeError, match=r"boolean mask of shape \(4,\).*gpugrad.where"):
        gg.vmap(lambda x: x[x > 0])(X)
    with pytest.raises(TypeError, match=r"values of shape \(4,\) cannot be put where a boolean mask"):
        gg.vmap(lambda x: gg.index_update(x, x > 0, X[0]))(X)


def test_mapped_axes_of_different_length():
    with pytest.raises(
        ValueError, match=r"of one length: argument 0\['a'\] has 3, argument 1 has 4, c has 3"
    ):
        gg.vmap(lambda x, y, c: x)({"a": X}, W, c=X)


def test_nothing_to_map_over():
    with pytest.raises(ValueError, match="vmap of <lambda> has nothing to map over"):
        gg.vmap(lambda x: x, None)(X)
    with pytest.raises(
        ValueError, match=r"axis 0 of argument 1 of <lambda>, which is 2.0 and has no axes.*say None"
    ):
        gg.vmap(lambda x, y: x * y)(X, 2.0)
    with pytest.raises(ValueError, match=r"axis 2 of argument 0 of <lambda>, which has shape \(3, 4\)"):
        gg.vmap(lambda x: x, 2)(X)


def test_axes_that_do_not_match():
    with pytest.raises(
        ValueError, match=r"in_axes=\(0, 0, 0\) of vmap does not match the arguments of <lambda>"
    ):
        gg.vmap(lambda x, y: x, (0, 0, 0))(X, X)
    with pytest.raises(TypeError, match=r"in_axes=0.5 of vmap has to be made of whole numbers"):
        gg.vmap(lambda x: x, 0.5)(X)
    with pytest.raises(ValueError, match=r"out_axes=\(0, 0\) of vmap does not match what <lambda> returns"):
        gg.vmap(lambda x: x, out_axes=(0, 0))(X)
    with pytest.raises(
        ValueError, match=r"out_axes of vmap is None for a result of <lambda> that differs.*\(4,\)"
    ):
        gg.vmap(lambda x: x, out_axes=None)(X)
    with pytest.raises(ValueError, match=r"out_axes of vmap has 2 for a result of <lambda> that has 2 axes"):
        gg.vmap(lambda x: x, out_axes=2)(X)


def test_a_kept_tensor_is_noticed():
    kept = []
    gg.vmap(lambda x: kept.append(x) or x)(X)
    for use in (lambda: kept[0] + 1, lambda: gg.sin(kept[0]), lambda: gg.vmap(lambda y: kept[0] * y)(X)):
        with pytest.raises(RuntimeError, match=r"met a Tensor of a call of vmap of .* that is over"):
            use()


# ---- state ----


def test_exceptions_leave_nothing_behind():
    def fail(x):
        raise KeyError("no")

    for _ in range(2):
        with pytest.raises(KeyError):
            gg.vmap(lambda x: gg.vmap(fail)(X))(X)
        assert not levels.active
    equal(gg.vmap(gg.sin)(X), np.sin(X))


def test_threads_are_independent():
    inside, done = threading.Event(), threading.Event()
    results = []

    def slow(x):
        inside.set()
        assert done.wait(10)
        return x * 2

    def run():
        results.append(gg.vmap(slow)(X))

    thread = threading.Thread(target=run)
    thread.start()
    assert inside.wait(10)
    equal(gg.vmap(gg.grad(lambda x: (x**2).sum()))(X), 2 * X)
    assert not levels.active
    done.set()
    thread.join()
    equal(results[0], 2 * X)
