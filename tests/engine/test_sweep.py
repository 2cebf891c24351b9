"""The reverse sweep: each node once, after all of its consumers, contributions added up."""

import numpy as np
import pytest

import gpugrad as gg


def counted():
    """The identity as a primitive, and the list of cotangents that its rule was called with."""
    calls = []

    @gg.primitive
    def probe(xp, x):
        return x * 1

    def rule(g):
        calls.append(g)
        return g

    gg.elementwise(probe, rule)
    return probe, calls


def test_a_diamond_visits_the_shared_node_once_with_the_sum():
    probe, calls = counted()
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    y = probe(x)
    (3 * y + y * y).sum().backward()
    assert len(calls) == 1
    np.testing.assert_array_equal(calls[0], [5.0, 7.0])
    np.testing.assert_array_equal(x.grad.numpy(), [5.0, 7.0])


def test_a_consumer_much_newer_than_the_others_still_comes_first():
    probe, calls = counted()
    x = gg.tensor(2.0, requires_grad=True)
    y = probe(x)
    early = y * 3
    late = gg.square(gg.square(early)) + y
    late.backward()
    assert len(calls) == 1
    assert x.grad.item() == 4 * 3**4 * 2**3 + 1


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: x * x, 6.0),
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: x * x * x, 27.0),
        (lambda x: (x * x) * (x * x), 108.0),
        (lambda x: x**x, 27 * (np.log(3) + 1)),
        (lambda x: gg.maximum(x, x), 1.0),
        (lambda x: gg.stack([x, x, x]).sum(), 3.0),
    ],
)
def test_one_tensor_in_both_operands(device, f, slope):
    x = gg.tensor(3.0, device=device, requires_grad=True)
    f(x).backward()
    np.testing.assert_allclose(x.grad.item(), slope, rtol=1e-14)


def test_a_shared_subgraph_is_summed_over_all_of_its_uses():
    x = gg.tensor([0.3, -0.4], requires_grad=True)
    s = gg.sin(x)
    (s * s + s * gg.exp(s) + 2 * s).sum().backward()
    v = np.sin([0.3, -0.4])
    np.testing.assert_allclose(
        x.grad.numpy(), (2 * v + np.exp(v) * (1 + v) + 2) * np.cos([0.3, -0.4]), rtol=1e-14
    )


def test_several_outputs_of_one_operation():
    x = gg.tensor(np.arange(6.0), requires_grad=True)
    a, b, c = gg.split(x, 3)
    (a.sum() + 10 * c.sum()).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 1, 0, 0, 10, 10])
    b.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 1, 1, 1, 10, 10])


def test_only_what_the_result_depends_on_is_visited():
    probe, calls = counted()
    x = gg.tensor(2.0, requires_grad=True)
    aside = probe(x)
    (x * 3).backward()
    assert not calls
    aside.backward()
    assert len(calls) == 1


def test_a_leaf_is_its_own_gradient():
    x = gg.tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1


def random_graph(rng, leaves, n):
    """A result made by ``n`` random operations, each on random earlier values; and its value in NumPy."""
    values = list(leaves)
    for _ in range(n):
        a, b = (values[k] for k in rng.integers(0, len(values), 2))
        values.append([a + b, a * b, a - 0.5 * b, gg.tanh(a)][rng.integers(4)] * 0.7)
    return sum(values[-4:])


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs_agree_with_central_differences(seed):
    points = np.random.default_rng(100 + seed).uniform(-1, 1, 3)

    def f(p):
        leaves = [gg.tensor(v, requires_grad=True) for v in p]
        return leaves, random_graph(np.random.default_rng(seed), leaves, 40)

    leaves, y = f(points)
    y.backward()
    h = 1e-6
    for k, step in enumerate(h * np.eye(3)):
        slope = (f(points + step)[1].item() - f(points - step)[1].item()) / (2 * h)
        got = 0.0 if leaves[k].grad is None else leaves[k].grad.item()
        np.testing.assert_allclose(got, slope, rtol=1e-6, atol=1e-8)
