"""The program of a recorder is complete: replayed on other inputs, it does what the function does."""

import threading

import cuda_lane
import numpy as np
import pytest

import gpugrad as gg
from gpugrad import nn, optim
from gpugrad.core.modes import special, state
from gpugrad.core.program import Ask, Bind, Call, Program, Sample, Value, Write
from gpugrad.core.recorder import Recorder, sampled
from gpugrad.transforms.traced import traced

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))


def program(f, *args):
    return traced(f, args, {}, lambda array, node: gg.tensor(array, device="cpu")).program


def replay(p: Program, inputs, outside=()):
    """What the program gives for other inputs; ``outside`` maps arrays' ids to what stands for them."""
    env = {v: dict(outside).get(id(v.array), v.array) for v in p.outside}
    env |= dict(zip(p.inputs, inputs, strict=True))

    def get(x):
        if isinstance(x, Value):
            return env[x]
        if type(x) in (tuple, list):
            return type(x)(get(item) for item in x)
        return {key: get(item) for key, item in x.items()} if type(x) is dict else x

    for step in p.steps:
        if isinstance(step, Call):
            env[step.result] = np.asarray(step.primitive.function(*get(step.operands), **get(step.params)))
        elif isinstance(step, Write):
            step.function(*get(step.operands), **get(step.params))
            env |= {after: env[before] for before, after in zip(step.targets, step.results, strict=True)}
    return [get(x) for x in p.outputs], env


def layer(x, w):
    y = gg.tanh(x @ w) * 2 + 1
    y[0] = y[1] * 3
    return gg.softmax(y, axis=-1)[:, ::-1].sum(axis=0)


CASES = {
    "forward": layer,
    "gradient": gg.grad(lambda x, w: layer(x, w)[0], (0, 1)),
    "gradient of a gradient": gg.grad(lambda x, w: (gg.grad(lambda x: layer(x, w)[0])(x) ** 2).sum()),
    "vjp": lambda x, w: gg.vjp(layer, x, w)[1](gg.ones_like(layer(x, w))),
    "jvp": lambda x, w: gg.jvp(layer, (x, w), (gg.ones_like(x), w)),
    "vmap": lambda x, w: gg.vmap(lambda row: gg.grad(lambda w: gg.tanh(row @ w).sum())(w))(x),
    "jacfwd": lambda x, w: gg.jacfwd(lambda w: gg.tanh(x @ w).sum(axis=0))(w),
    "jacrev": lambda x, w: gg.jacrev(lambda w: gg.tanh(x @ w).sum(axis=0))(w),
    "hessian": lambda x, w: gg.hessian(lambda w: (gg.tanh(x @ w) ** 3).sum())(w),
    "linearize": lambda x, w: gg.linearize(lambda w: gg.tanh(x @ w), w)[1](w),
    "checkpoint": lambda x, w: gg.grad(lambda w: gg.checkpoint(lambda w: gg.tanh(gg.tanh(x @ w)))(w).sum())(
        w
    ),
    "a Function": lambda x, w: gg.grad(lambda w: Cube.apply(x @ w).sum())(w),
    "an index that was computed": lambda x, w: x[gg.argsort(x[:, 0])],
    "a place that was computed": lambda x, w: gg.index_update(w, gg.argmax(w, axis=0), x[:2, :2]),
    "detached": lambda x, w: gg.stop_gradient(x) * x.detach() + gg.tensor(x),
    "backward": lambda x, w: _by_backward(x, w),
    "operators of NumPy": lambda x, w: np.sum(np.sin(x) @ w) + X[0, 0] * x,
    "a view, written to": lambda x, w: _scaled(x.copy(), w),
}


class Cube(gg.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


class CubeOfArrays(Cube):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.data**3


class CubeWithGradientOfArrays(Cube):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x.data**2 * g.data


def _by_backward(x, w):
    a = gg.tensor(np.ones(2), requires_grad=True, device="cpu")
    ((x @ w * a) ** 2).sum().backward()
    a.grad.copy()
    return a.grad


def _scaled(x, w):
    with gg.no_grad():
        x.requires_grad_()
        x *= 2
        x += w.sum()
    return x


@pytest.mark.parametrize("name", CASES)
def test_replayed_on_other_inputs(name):
    p = program(CASES[name], X, W)
    x, w = np.random.default_rng(1).normal(size=X.shape), np.random.default_rng(2).normal(size=W.shape)
    if name.startswith("an index"):
        assert not np.array_equal(np.argsort(x[:, 0]), np.argsort(X[:, 0]))
    found, _ = replay(p, [x, w])
    expected = CASES[name](gg.tensor(x, device="cpu"), gg.tensor(w, device="cpu"))
    expected = expected if isinstance(expected, tuple) else (expected,)
    for y, z in zip(found, _flat(expected), strict=True):
        np.testing.assert_allclose(y, z.numpy(), rtol=1e-12, atol=1e-12)


def _flat(tree):
    return [leaf for item in tree for leaf in (_flat(item) if isinstance(item, tuple) else [item])]


@pytest.mark.parametrize("optimiser", [optim.SGD, optim.Adam])
def test_a_training_step_is_replayed_with_its_writes(optimiser):
    labels = np.array([0, 1, 1, 0])
    model = nn.MLP((3, 5, 2), seed=0)
    steps = optimiser(model.parameters(), lr=0.1)
    before = [p.numpy().copy() for p in model.parameters()]

    def step(x):
        loss = gg.softmax_cross_entropy(model(x), labels)
        loss.backward()
        steps.step()
        return loss

    p = program(step, X.astype("float32"))
    expected = [p.numpy().copy() for p in model.parameters()]
    assert [v.kind for v in p.outside].count("parameter") == 4
    ids = {id(q.data): old for q, old in zip(model.parameters(), before, strict=True)}
    ids |= {id(k): np.zeros_like(k) for kept in steps.kept for k in kept}
    _, env = replay(p, [X.astype("float32")], ids)
    for q, old, new in zip(model.parameters(), before, expected, strict=True):
        np.testing.assert_array_equal(old, new)  # the replay wrote to ``old``
        bind = next(s for s in p.steps if isinstance(s, Bind) and s.owner is q.node)
        np.testing.assert_array_equal(env[bind.value], q.grad.numpy())


def test_state_varies_from_its_first_read_on():
    mean = gg.tensor(np.zeros(3), device="cpu")

    def normalised(x):
        y = x - mean
        mean.assign_(0.9 * mean + 0.1 * x.mean(axis=0))
        return y

    p = program(normalised, X)
    assert [v.kind for v in p.outside] == ["state"]
    with pytest.raises(TypeError, match=r"item\(\)"), Recorder(values_may_be_asked=False):
        (mean[0] + 1).item()
        mean.assign_(mean + 1)


def test_rebinding_a_handle_is_noted():
    outside = gg.tensor(np.zeros(3), device="cpu")

    def f(x):
        outside[1] = x[0, 0]
        return x

    p = program(f, X)
    bind = next(s for s in p.steps if isinstance(s, Bind))
    assert bind.owner is outside and bind.field == "data" and bind.value.varies


def test_random_numbers_are_noted_and_vary():
    generator = np.random.default_rng(0)

    def noisy(x):
        noise = generator.normal(size=3)
        sampled(generator, generator.normal, {"size": 3}, noise)
        return x + noise

    p = program(noisy, X)
    sample, call = p.steps
    assert isinstance(sample, Sample) and sample.source is generator and sample.params == {"size": 3}
    assert call.operands[1] is sample.result and sample.result.varies


# ---- asking for values ----

QUESTIONS = {
    "float()": float,
    "int()": int,
    "complex()": complex,
    "bool()": bool,
    "item()": lambda t: t.item(),
    "numpy()": lambda t: t.numpy(),
    "an index": lambda t: [1, 2][t.astype(int)],
    "nonzero()": lambda t: gg.nonzero(t.reshape(1)),
    "DLPack": lambda t: np.from_dlpack(t),
    "gpugrad.tensor": lambda t: gg.tensor(t, dtype="float32"),
}


@pytest.mark.parametrize("how", QUESTIONS)
def test_a_question_is_marked_or_refused(how):
    def f(x):
        QUESTIONS[how](x.sum() * 0)
        return x

    ask = next(s for s in program(f, X).steps if isinstance(s, Ask))
    assert ask.how.startswith(how) and "test_recorder.py" in ask.line and ask.value.shape in ((), (1,))

    x = gg.tensor(X, device="cpu")
    with Recorder(values_may_be_asked=False) as recorder:
        recorder.input(x.data)
        with pytest.raises(TypeError) as error:
            f(x)
    text = str(error.value)
    assert text.startswith(how) and "dtype" in text and "test_recorder.py" in text


def test_the_line_and_the_cure_of_an_if_are_named():
    x = gg.tensor(X, device="cpu")
    with Recorder(values_may_be_asked=False) as recorder:
        recorder.input(x.data)
        with pytest.raises(TypeError, match=r"(?s)gpugrad\.where.*line \d+.*# this line"):
            _ = 1 if x.sum() > 0 else 2  # this line


def test_constants_may_be_asked_and_printing_asks_nothing():
    x = gg.tensor(X, device="cpu")
    with Recorder(values_may_be_asked=False) as recorder:
        recorder.input(x.data)
        assert float(gg.tensor(2.0, device="cpu") * 3) == 6
        assert "Tensor(" in repr(x)
    leaf = gg.tensor(2.0, requires_grad=True, device="cpu")
    with Recorder(values_may_be_asked=False), pytest.raises(TypeError, match="item"):
        leaf.item()  # the next step may have changed it


# ---- what it leaves alone ----


def test_recorders_nest_and_leave_no_state():
    x = gg.tensor(X, device="cpu")
    with Recorder() as outer:
        gg.sin(x)
        with pytest.raises(ZeroDivisionError), Recorder() as inner:
            gg.cos(x)
            1 / 0  # noqa: B018
        gg.tan(x)
    assert [s.primitive.name for s in outer.program.calls] == ["sin", "cos", "tan"]
    assert [s.primitive.name for s in inner.program.calls] == ["cos"]
    assert state.recorders == () and not special


def test_other_threads_are_not_recorded():
    x = gg.tensor(X, device="cpu")
    with Recorder() as recorder:
        thread = threading.Thread(target=lambda: gg.sin(x))
        thread.start()
        thread.join()
    assert recorder.program.steps == []


def test_a_recorder_changes_no_gradient_and_leaves_no_graph():
    f = gg.grad(lambda x: (gg.tanh(x) ** 3).sum())
    with Recorder():
        g = f(gg.tensor(X, device="cpu"))
    assert not g.requires_grad
    np.testing.assert_array_equal(g.numpy(), f(X))


BEHIND_ITS_BACK = {
    "the value of a Function": lambda x, w: CubeOfArrays.apply(x),
    "the gradient of a Function": gg.grad(lambda x, w: CubeWithGradientOfArrays.apply(x).sum()),
    "odeint": lambda x, w: gg.odeint(lambda y, t: -y, x, np.array([0.0, 0.1])),
    "fixed_point": lambda x, w: gg.fixed_point(lambda y, x: gg.cos(y) * 0.1 + x, x, x),
}


@pytest.mark.parametrize("name", BEHIND_ITS_BACK)
def test_what_was_computed_from_arrays_is_no_constant(name):
    assert "unseen" in [v.kind for v in program(BEHIND_ITS_BACK[name], X, W).outside]


def test_a_node_that_no_call_made_is_no_constant():
    from gpugrad.core import make
    from gpugrad.core.node import Unary, next_key

    def f(x):
        node = Unary()
        node.key, node.primitive, node.parent, node.kept = next_key(), gg.negative.primitive, None, None
        return x + make(np.ones(3), node)

    assert [v.kind for v in program(f, X).outside] == ["unseen"]


def test_on_a_device(device):
    t = gg.tensor(X, device=device)
    with Recorder() as recorder:
        recorder.input(t.data)
        gg.grad(lambda x: (gg.tanh(x) @ gg.tensor(W, device=device)).sum())(t)
    assert {str(s.result.device) for s in recorder.program.calls} == {str(t.device)}
    if device == "cuda":
        assert cuda_lane.MACHINE
