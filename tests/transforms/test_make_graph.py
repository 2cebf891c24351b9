"""make_graph: what the text says, call by call."""

import re
from pathlib import Path

import numpy as np
import pytest

import gpugrad as gg
from gpugrad import nn, optim

X = np.ones((4, 3))


def affine(params, x):
    return gg.tanh(x @ params["w"] + params["b"]).sum(axis=0)


PARAMS = {"w": np.ones((3, 2)), "b": np.zeros(2)}


def names(graph):
    return [call.primitive.name.lstrip("_") for call in graph.calls]


TEXT = """\
affine:
  %0 = input params['b']                   float64 (2,) cpu
  %1 = input params['w']                   float64 (3, 2) cpu
  %2 = input x                             float64 (4, 3) cpu
  %3 = matmul(%2, %1)                      float64 (4, 2) cpu
  %4 = add(%3, %0)                         float64 (4, 2) cpu
  %5 = tanh(%4)                            float64 (4, 2) cpu
  %6 = sum(%5, axis=(0,), keepdims=False)  float64 (2,) cpu
  output result = %6"""


def test_the_whole_text():
    assert str(gg.make_graph(affine)(PARAMS, X)) == TEXT


def test_the_text_in_the_documentation_is_what_is_printed():
    document = (Path(__file__).parents[2] / "docs" / "looking-inside.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", document, re.S)
    names = {"__name__": "example"}
    exec(code[1], names)
    assert f"```text\n{names['text']}\n```" in document


def test_one_line_for_each_call():
    graph = gg.make_graph(affine)(PARAMS, X)
    lines = str(graph).splitlines()
    assert len(graph) == 4 and len(lines) == 1 + 3 + 4 + 1
    assert repr(graph) == str(graph)
    for call, line in zip(graph.calls, lines[4:-1], strict=True):
        v = call.result
        assert re.fullmatch(
            rf"  {graph.name(v)} = {call.primitive.name.lstrip('_')}\(.*\) +"
            rf"{v.dtype} {re.escape(str(v.shape))} cpu",
            line,
        )


def test_results_are_named_after_the_pytree():
    def f(x):
        return {"a": x + 1, "b": (x, 3)}

    text = str(gg.make_graph(f)(X))
    assert "output result['a'] = %1" in text
    assert "output result['b'][0] = %0" in text
    assert "output result['b'][1] = 3" in text


def test_arguments_by_keyword_by_star_and_twice():
    def f(a, *rest, scale):
        return a * rest[1] * scale

    graph = gg.make_graph(f)(X, X, X, scale=2.0)
    text = str(graph)
    for name in ("input a ", "input rest[0] ", "input rest[1] ", "input scale "):
        assert name in text
    assert [graph.name(v) for v in graph.calls[0].operands] == ["%0", "%2"]


def test_whole_numbers_belong_to_the_program():
    text = str(gg.make_graph(lambda x, n: (x * n).sum(axis=n))(X, 1))
    assert "multiply(%0, 1)" in text and "axis=(1,)" in text and "input n" not in text


def test_parameters_of_a_call():
    def f(x):
        return x[1:, ::2], x[None, ..., 0], gg.leaky_relu(x), x.astype("float32"), gg.where(x > 0, x, 0)

    text = str(gg.make_graph(f)(X))
    assert "getitem(%0, key=(1:, ::2))" in text
    assert "getitem(%0, key=(None, ..., 0))" in text
    assert "dtype=float32" in text and "float32 (4, 3) cpu" in text
    assert "bool (4, 3) cpu" in text


def test_an_array_within_a_parameter_is_a_value():
    graph = gg.make_graph(lambda x: x[gg.argsort(x[:, 0])])(X)
    assert re.search(r"%2 = argsort.*\n *%3 = getitem\(%0, key=%2\)", str(graph))


def test_constants_and_parameters_from_outside():
    w = gg.tensor(np.ones(3), requires_grad=True, device="cpu")
    table = np.arange(12.0).reshape(4, 3)
    text = str(gg.make_graph(lambda x: (x * w + table) * gg.tensor(0.5, device="cpu"))(X))
    assert re.search(r"%1 = parameter +float64 \(3,\) cpu", text)
    assert re.search(r"%2 = constant +float64 \(4, 3\) cpu", text)
    assert "%3 = constant 0.5 " in text


def test_the_backward_pass_is_there():
    forward = names(gg.make_graph(lambda x: gg.tanh(x).sum())(X))
    both = names(gg.make_graph(gg.grad(lambda x: gg.tanh(x).sum()))(X))
    assert both[: len(forward)] == forward == ["tanh", "sum"]
    assert both[-1] == "tanh_grad"


def test_second_derivatives_and_forward_mode():
    second = gg.grad(lambda x: gg.grad(lambda x: gg.sin(x))(x))
    assert names(gg.make_graph(second)(0.5)).count("sin") == 2
    along = gg.make_graph(lambda x: gg.jvp(gg.sin, (x,), (x,)))(0.5)
    assert names(along) == ["sin", "cos", "multiply"]


def test_of_a_batch_there_is_one_call():
    graph = gg.make_graph(gg.vmap(lambda x: gg.tanh(x) * 2))(X)
    assert [(name, c.result.shape) for name, c in zip(names(graph), graph.calls, strict=True)] == [
        ("tanh", (4, 3)),
        ("multiply", (4, 3)),
    ]


def test_a_question_shows_its_line():
    def f(x):
        if x.sum() > 0:  # decided here
            return x
        return -x

    assert re.search(r"# bool\(\) asked for %\d+ at File .*# decided here", str(gg.make_graph(f)(X)))


def test_a_training_step():
    model = nn.Linear(3, 2, seed=0)
    adam = optim.Adam(model.parameters(), lr=0.1)

    def step(x):
        loss = (model(x) ** 2).mean()
        loss.backward()
        adam.step()
        adam.zero_grad()
        return loss

    text = str(gg.make_graph(step)(X.astype("float32")))
    assert len(re.findall(r" = Adam.update\(.*step=1\) into %\d+, %\d+, %\d+", text)) == 2
    assert len(re.findall(r" = state ", text)) == 4
    assert (
        len(re.findall(r"\.grad of %\d = %\d+", text)) == len(re.findall(r"\.grad of %\d = None", text)) == 2
    )


def test_it_runs_the_function_once_and_keeps_no_arrays():
    ran = []

    def f(x):
        ran.append(x)
        return gg.exp(x)

    graph = gg.make_graph(f)(X)
    assert len(ran) == 1 and type(ran[0]) is gg.Tensor
    assert all(v.array is None for v in (*graph.program.inputs, *graph.program.computed()))


def test_on_a_device(device, xp):
    text = str(gg.make_graph(lambda x: gg.tanh(x))(xp.asarray(X)))
    assert ("cuda:0" in text) == (device == "cuda")


def test_a_float_goes_to_where_the_arrays_are(device, xp):
    lines = str(gg.make_graph(lambda x, scale: x * scale)(xp.asarray(X), 2.0)).splitlines()
    assert len({line.split()[-1] for line in lines[1:-1]}) == 1


def test_an_error_in_the_function_leaves_no_recorder():
    from gpugrad.core.modes import special

    with pytest.raises(ZeroDivisionError):
        gg.make_graph(lambda x: 1 / 0)(X)
    assert not special
