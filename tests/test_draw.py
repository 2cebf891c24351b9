"""draw: what a picture shows, that nothing in it overlaps, and the files it is written to."""

import os
import re
import shutil
import subprocess
import time
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import gpugrad as gg
from gpugrad import nn
from gpugrad.drawing import png
from gpugrad.drawing.boxes import INPUT, OPERATION, OUTPUT, Box, operation
from gpugrad.drawing.scene import Circle, Curve, Frame, Group, Text, Tip, scene
from gpugrad.drawing.sizes import text_width
from gpugrad.drawing.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


def texts(drawing, role):
    """The texts of a role in the SVG, from left to right."""
    root = ElementTree.fromstring(drawing.svg)
    found = [e for e in root.iter(f"{SVG}text") if e.get("class") == role]
    return [e.text for e in sorted(found, key=lambda e: (float(e.get("x")), float(e.get("y"))))]


def numbers(drawing, role):
    return sorted(float(text.replace("−", "-")) for text in texts(drawing, role))


def lecture(x, y, z):
    return (x + y) * z


def neuron(w0, x0, w1, x1, w2):
    return 1 / (1 + gg.exp(-(w0 * x0 + w1 * x1 + w2)))


# ---- what is shown ----


def test_the_example_of_the_lectures():
    drawing = gg.draw(lecture, -2.0, 5.0, -4.0)
    assert sorted(texts(drawing, "input")) == ["x", "y", "z"]
    assert texts(drawing, "operation") == ["+", "×"]
    assert texts(drawing, "output") == ["lecture"]
    assert numbers(drawing, "value") == [-12, -4, -2, 3, 5]
    assert numbers(drawing, "gradient") == [-4, -4, -4, 1, 3]


def test_the_neuron_has_the_numbers_that_the_lectures_print():
    drawing = gg.draw(neuron, 2.0, -1.0, -3.0, -2.0, -3.0, digits=2)
    assert texts(drawing, "operation")[-5:] == ["+", "×−1", "exp", "1 +", "1/x"]
    assert numbers(drawing, "value") == [-3, -3, -2, -2, -1, -1, 0.37, 0.73, 1, 1.4, 2, 4, 6]
    assert numbers(drawing, "gradient") == [
        -0.59, -0.53, -0.53, -0.39, -0.2, -0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.39, 1
    ]  # fmt: skip


def test_gradients_are_those_of_grad():
    drawing = gg.draw(neuron, 2.0, -1.0, -3.0, -2.0, -3.0, digits=6)
    for g in gg.grad(neuron, (0, 1, 2, 3, 4))(2.0, -1.0, -3.0, -2.0, -3.0):
        assert f"{float(g):.6g}".replace("-", "−") in texts(drawing, "gradient")


def test_small_arrays_are_written_out_and_large_ones_summed_up():
    x, w = np.array([[1.0, -2.0]]), np.full((2, 50), 0.5)
    drawing = gg.draw(lambda x, w: (x @ w).sum(), x, w)
    assert "[1, −2]" in texts(drawing, "value") and "(2, 50)" in texts(drawing, "value")
    assert "[25, 25]" in texts(drawing, "gradient")
    assert f"‖∇‖ {np.sqrt(50 * 1 + 50 * 4):.3g}" in texts(drawing, "gradient")
    assert "axis=(0, 1)" in texts(drawing, "note")


def test_whole_numbers_complex_and_half():
    drawing = gg.draw(lambda x, n: gg.absolute(x * (1 + 2j)) * n, np.float16(0.1), np.array([3]), digits=4)
    assert "0.09998" in texts(drawing, "value") and "[3]" in texts(drawing, "value")
    assert "× (1+2j)" in texts(drawing, "operation")


def test_complex_gradients_point_uphill():
    drawing = gg.draw(lambda z: gg.absolute(z) ** 2, 3 + 4j)
    assert texts(drawing, "gradient")[0] == "6+8i" and texts(drawing, "value")[0] == "3+4i"


def test_numbers_become_part_of_the_label():
    drawing = gg.draw(lambda x: gg.leaky_relu(2 - x**2 + x**3) / 4, 0.5)
    assert {"2 −", "x²", "x³", "+", "leaky_relu", "÷ 4"} == set(texts(drawing, "operation"))


def test_only_what_leads_to_the_result_is_drawn():
    def f(x, unused):
        gg.exp(x)
        return x * 2 if x > 0 else -x

    drawing = gg.draw(f, 1.0, 2.0)
    assert texts(drawing, "operation") == ["× 2"] and texts(drawing, "input") == ["x"]


def test_several_results_and_vectors_have_no_gradients():
    several = gg.draw(lambda x: {"a": gg.sin(x), "b": gg.cos(x)}, 1.0)
    assert sorted(texts(several, "output")) == ["f['a']", "f['b']"]
    assert not texts(several, "gradient") and not texts(gg.draw(gg.sin, np.ones(3)), "gradient")
    assert not texts(gg.draw(gg.sin, 1.0, gradients=False), "gradient")


def test_a_model_names_its_parameters():
    model = nn.MLP((3, 4, 2), seed=0)
    for drawing in (
        gg.draw(model, np.ones((5, 3), "float32")),
        gg.draw(lambda x: model(x).sum(), np.ones((5, 3), "float32"), names=dict(model.named_parameters())),
    ):
        assert sorted(texts(drawing, "input")) == sorted(["x", *dict(model.named_parameters())])
    assert all(p.grad is None for p in model.parameters())


def test_the_backward_pass_can_be_drawn():
    assert "tanh_grad" in texts(gg.draw(gg.grad(gg.tanh), 0.5), "operation")


def test_every_box_has_a_tooltip():
    root = ElementTree.fromstring(gg.draw(lecture, -2.0, 5.0, -4.0).svg)
    titles = [e.text for e in root.iter(f"{SVG}title")]
    assert "x: float64 () on cpu" in titles and "multiply: float64 () on cpu" in titles


def test_markup_in_names_is_escaped():
    drawing = gg.draw(lambda p: p['<&">'] * 2, {'<&">': 1.5})
    assert texts(drawing, "input") == ["""p['<&">']"""]
    assert "label=<p[&#x27;&lt;&amp;&quot;&gt;&#x27;]>" in drawing.dot
    assert gg.draw(lambda x: x * 2, 1.0).title == "<lambda>"


# ---- a Tensor's graph ----


def leaf(*values):
    return gg.tensor(values if len(values) > 1 else values[0], requires_grad=True, device="cpu")


def test_a_tensor_shows_what_its_graph_kept():
    x, y, z = leaf(-2.0), leaf(5.0), leaf(-4.0)
    f = (x + y) * z
    drawing = gg.draw(f)
    assert texts(drawing, "input") == ["leaf"] * 3 and texts(drawing, "output") == ["result"]
    assert texts(drawing, "value").count("()") == 2  # an addition keeps nothing
    named = gg.draw(f, names={"x": x, "y": y, "z": z, "f": f})
    assert numbers(named, "value") == [-12, -4, -2, 3, 5]
    assert numbers(named, "gradient") == [-4, -4, -4, 1, 3]
    assert texts(named, "output") == ["f"]


def test_drawing_changes_neither_grad_nor_graph():
    x = leaf(1.0, 2.0)
    y = (gg.tanh(x) * np.array([3.0, 4.0]) * 2).sum()
    drawing = gg.draw(y)
    assert x.grad is None
    assert "constant" in texts(drawing, "constant") and "[3, 4]" in texts(drawing, "value")
    y.backward()
    freed = gg.draw(y)
    assert len(texts(freed, "operation")) == len(texts(drawing, "operation"))
    assert len(texts(freed, "gradient")) == 1


def test_operands_that_a_graph_forgot():
    x = leaf(1.0, 2.0)
    labels = texts(gg.draw((x + 3.0 - np.ones(2)).sum()), "operation")
    assert labels[:2] == ["+ c", "− c"]


def test_a_tensor_within_grad():
    seen = []
    gg.grad(lambda x: seen.append(gg.draw(x * x)) or x * x)(3.0)
    assert texts(seen[0], "input") == ["input"] and "6" in texts(seen[0], "gradient")


def test_on_a_device(device):
    x = gg.tensor([1.0, 2.0], device=device, requires_grad=True)
    assert "[2, 4]" in texts(gg.draw((x * x).sum()), "gradient")
    assert "[2, 4]" in texts(gg.draw(lambda x: (x * x).sum(), x), "gradient")


# ---- the layout ----


def random_boxes(seed, count):
    """A random graph with labels and texts of all sizes."""
    rng = np.random.default_rng(seed)
    boxes = []
    for i in range(count):
        if i < 2 or rng.random() < 0.2:
            box = Box(INPUT, "name" * int(rng.integers(1, 5)))
        else:
            name = str(rng.choice(["add", "subtract", "exp", "concatenate", "softmax_cross_entropy"]))
            wires = [int(i - 1 - min(rng.geometric(0.25) - 1, i - 1)) for _ in range(rng.integers(1, 5))]
            box = operation(name, wires, "axis=0" if rng.random() < 0.2 else "")
        box.value = ["[1.23, −4.56]"] * int(rng.integers(0, 4))
        box.gradient = ["−1.23e−05"] * int(rng.integers(0, 4))
        boxes.append(box)
    used = {i for box in boxes for i in box.operands}
    return boxes + [Box(OUTPUT, "out", operands=[i]) for i in range(count) if i not in used]


def rectangles(group):
    """``(left, top, right, bottom)`` of everything in a group."""
    for shape in group.shapes:
        if isinstance(shape, Circle):
            (x, y), r = shape.centre, shape.radius
            yield x - r, y - r, x + r, y + r
        elif isinstance(shape, Frame):
            (x, y) = shape.corner
            yield x, y, x + shape.width, y + shape.height
        elif isinstance(shape, Text):
            width = text_width(shape.text, shape.size)
            left = shape.at.x - (width / 2 if shape.anchor == "middle" else 0)
            yield left, shape.at.y - 0.75 * shape.size, left + width, shape.at.y + 0.2 * shape.size


def apart(a, b):
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def covers(shape, places):
    """Which of the places, an array of points, a shape lies on."""
    if isinstance(shape, Circle):
        return np.hypot(*(places - shape.centre).T) < shape.radius - 0.5
    x0, y0, x1, y1 = next(rectangles(Group(None, [shape])))
    x, y = places.T
    return (x0 + 0.5 < x) & (x < x1 - 0.5) & (y0 + 0.5 < y) & (y < y1 - 0.5)


def points(wire):
    """Points along a wire, but for its ends."""
    last, path = np.array(wire.start), [np.array(wire.start)]
    for part in wire.parts:
        if len(part) == 3:
            a, b, c = map(np.array, part)
            path += [
                (1 - t) ** 3 * last + 3 * t * (1 - t) ** 2 * a + 3 * t * t * (1 - t) * b + t**3 * c
                for t in np.linspace(0, 1, 12)
            ]
            last = c
        else:
            end = np.array(part[0])
            path += [last + t * (end - last) for t in np.linspace(0, 1, 12)]
            last = end
    return path[1:-1]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_overlaps(seed):
    picture = scene(random_boxes(seed, 40))
    rects = [list(rectangles(group)) for group in picture.groups]
    for one, other in combinations(rects, 2):
        assert all(apart(a, b) for a in one for b in other)
    for own in rects:
        for x0, y0, x1, y1 in own:
            assert x0 >= 0 and y0 >= 0 and x1 <= picture.width and y1 <= picture.height
    on_wires = np.concatenate([points(wire) for wire in picture.wires if isinstance(wire, Curve)])
    for group in picture.groups:
        for shape in group.shapes:
            assert not covers(shape, on_wires).any()


def test_labels_fit_their_boxes():
    for group in scene(random_boxes(0, 60)).groups:
        if group.box.kind == OPERATION:
            outline, *labels = list(rectangles(group))[: 2 + bool(group.box.note)]
            assert all(outline[0] <= label[0] and label[2] <= outline[2] for label in labels)


def test_widths_are_not_less_than_those_of_the_font():
    path = pytest.importorskip("matplotlib").get_data_path() + "/fonts/ttf/DejaVuSans.ttf"
    from matplotlib.ft2font import FT2Font

    font = FT2Font(path)
    font.set_size(100, 72)
    for c in [chr(i) for i in range(32, 127)] + list("×−÷Σσ·√²³…‖Π≤≥≠∇"):
        assert text_width(c, 1.0) >= font.load_char(ord(c)).linearHoriAdvance / 65536 / 100 - 0.006, c


def test_every_box_and_every_wire_is_there():
    boxes = random_boxes(3, 50)
    picture = scene(boxes)
    assert sorted(id(g.box) for g in picture.groups) == sorted(map(id, boxes))
    heads = sum(isinstance(wire, Tip) for wire in picture.wires)
    assert heads == sum(len(box.operands) for box in boxes if box.kind == OPERATION)
    root = ElementTree.fromstring(svg(picture, "t"))
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") in (INPUT, OPERATION, OUTPUT)]) == len(
        boxes
    )


def test_wires_run_from_left_to_right():
    for wire in scene(random_boxes(4, 50)).wires:
        if isinstance(wire, Curve):
            assert wire.parts[-1][-1].x >= wire.start.x


def test_a_tree_has_no_crossing_and_a_chain_is_straight():
    from gpugrad.drawing.layers import _crossings, layered

    tree = gg.draw(lambda *xs: ((xs[0] - xs[3]) * (xs[1] / xs[2])) - gg.exp(xs[4]), *map(float, range(1, 6)))
    assert _crossings(layered(tree.boxes)) == 0
    chain = gg.draw(lambda x: gg.sin(gg.exp(gg.tanh(gg.cos(x)))), 0.5).scene
    heights = {
        round(p.y, 6)
        for wire in chain.wires
        if isinstance(wire, Curve)
        for p in (wire.start, wire.parts[-1][-1])
    }
    assert len(heights) == 1


def test_barycentres_and_exchanges_save_crossings(monkeypatch):
    from gpugrad.drawing import layers

    def total():
        return sum(layers._crossings(layers.layered(random_boxes(seed, 40))) for seed in range(10))

    both = total()
    monkeypatch.setattr(layers, "_SWAPS", 0)
    barycentres = total()
    monkeypatch.setattr(layers, "_ROUNDS", 0)
    assert both < 0.95 * barycentres < 0.8 * total()


def test_arrows_end_on_the_outline():
    picture = gg.draw(lambda a, b, c: gg.where(a > 0, a - b, c), 1.0, 2.0, 3.0).scene
    outlines = [s for g in picture.groups for s in g.shapes if isinstance(s, (Circle, Frame))]
    tips = [wire.at for wire in picture.wires if isinstance(wire, Tip)]
    assert len(tips) == 6
    for tip in tips:
        distances = [
            abs(np.hypot(*np.subtract(tip, s.centre)) - s.radius)
            if isinstance(s, Circle)
            else abs(tip.x - s.corner.x)
            for s in outlines
        ]
        assert min(distances) < 1e-6


@pytest.mark.parametrize("count, seconds", [(50, 1.0), (300, 8.0)])
def test_bounded_time(count, seconds):
    boxes = random_boxes(5, count)
    start = time.perf_counter()
    text = svg(scene(boxes), "large")
    assert time.perf_counter() - start < seconds
    assert ElementTree.fromstring(text).tag == f"{SVG}svg"


def test_a_deep_graph_needs_no_recursion():
    def f(x):
        for _ in range(2000):
            x = gg.sin(x)
        return x

    assert len(gg.draw(f, 0.5).scene.groups) == 2002


# ---- files ----


def test_formats_by_the_name_of_the_file(tmp_path):
    drawing = gg.draw(lecture, -2.0, 5.0, -4.0, file=tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == drawing.svg == drawing._repr_svg_()
    drawing.save(str(tmp_path / "b.dot"))
    assert (tmp_path / "b.dot").read_text(encoding="utf-8") == drawing.dot
    gg.draw(lecture, -2.0, 5.0, -4.0, file=tmp_path / "noname", format="dot")
    assert (tmp_path / "noname").read_text(encoding="utf-8").startswith("digraph")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "b.dot", "noname"]


def test_png(tmp_path):
    pytest.importorskip("matplotlib")
    drawing = gg.draw(lecture, -2.0, 5.0, -4.0, file=tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(content[16:20], "big")
    assert abs(width - 2 * drawing.scene.width) <= 2
    assert drawing._repr_svg_() is None and drawing._repr_png_() == content


def test_a_png_of_a_long_graph_fits_what_matplotlib_draws():
    pytest.importorskip("matplotlib")

    def f(x):
        for _ in range(400):
            x = gg.sin(x)
        return x

    content = gg.draw(f, 0.5, format="png").png
    assert 60_000 < int.from_bytes(content[16:20], "big") < 2**16


def test_the_figure_of_the_documentation_is_what_is_drawn():
    figure = ElementTree.parse(Path(__file__).parents[1] / "docs" / "neuron.svg")
    drawn = ElementTree.fromstring(gg.draw(neuron, 2.0, -1.0, -3.0, -2.0, -3.0).svg)
    assert [e.text for e in figure.iter(f"{SVG}text")] == [e.text for e in drawn.iter(f"{SVG}text")]


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "a.svg"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        gg.draw(gg.sin, 1.0, file=path)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.svg"]


def test_dot_has_every_box_and_wire():
    drawing = gg.draw(neuron, 2.0, -1.0, -3.0, -2.0, -3.0)
    assert len(re.findall(r"^  n\d+ \[", drawing.dot, re.M)) == len(drawing.boxes)
    wires = re.findall(r"^  n(\d+) -> n(\d+)", drawing.dot, re.M)
    assert [(int(a), int(b)) for a, b in wires] == [
        (a, b) for b, box in enumerate(drawing.boxes) for a in box.operands
    ]


@pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz")
def test_graphviz_reads_it(tmp_path):
    text = gg.draw(
        lambda p, x: gg.softmax(p['<&">\\n'] @ x)[:, 1:].sum(), {'<&">\\n': np.ones((2, 2))}, np.eye(2)
    ).dot
    subprocess.run(["dot", "-Tcanon"], input=text.encode(), check=True, capture_output=True)
    drawing = gg.draw(lecture, -2.0, 5.0, -4.0, file=tmp_path / "a.svg", engine="dot")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag == f"{SVG}svg"
    assert drawing.png[:4] == b"\x89PNG"


# ---- mistakes ----


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(png, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match=r'pip install "gpugrad\[train\]"'):
        gg.draw(gg.sin, 1.0).png  # noqa: B018
    with pytest.raises(RuntimeError, match="apt-get install graphviz"):
        gg.draw(gg.sin, 1.0, engine="dot").svg  # noqa: B018


@pytest.mark.parametrize(
    "call, error, match",
    [
        (lambda: gg.draw(lecture, 1, 2, 3), ValueError, "write 2.0 for 2"),
        (lambda: gg.draw(gg.tensor(1.0, device="cpu")), ValueError, "requires_grad=True"),
        (lambda: gg.draw(leaf(1.0) * 2, 3.0), TypeError, "no arguments"),
        (lambda: gg.draw(3), TypeError, "int"),
        (lambda: gg.draw(gg.sin, 1.0, format="pdf"), ValueError, "'svg', 'png', 'dot'"),
        (lambda: gg.draw(gg.sin, 1.0, file="a.pdf"), ValueError, "pdf"),
        (lambda: gg.draw(gg.sin, 1.0, engine="neato"), ValueError, "neato"),
    ],
)
def test_mistakes(call, error, match):
    with pytest.raises(error, match=match):
        call()
