"""Tables, report and pictures of a record made by hand, and its way through results.json."""

import json
import re
from pathlib import Path

import pytest
from gpugrad_bench import cells, plots, record, report
from gpugrad_bench.case import Case
from gpugrad_bench.row import Result, Row

MISSING = 'jax is not installed; run: pip install "gpugrad[peers]"'


@pytest.fixture
def measured():
    big = Case("big", {"n": 4}, flops=4e9, bytes=1e9, memory=True, size=1000)
    small = Case("small", {"n": 2}, operations=10, size=10)
    alone = Case("alone")
    return record.Record(
        "cpu",
        {"device": "a processor", "commit": "abc"},
        {"copy": 1e9, "float32": 8e9},
        [
            Row(
                "work",
                "some work",
                big,
                [
                    Result("gpugrad", [2.0, 2.0, 3.0], 30_000_000),
                    Result("torch", [4.0, 4.0, 4.0], 1500),
                    Result("jax", [], None, MISSING),
                ],
            ),
            Row(
                "work",
                "some work",
                small,
                [Result("gpugrad", [0.5]), Result("torch", [0.25]), Result("jax", [], None, MISSING)],
            ),
            Row("other", "other | work", alone, [Result("gpugrad", [], None, "MemoryError: no room")]),
        ],
    )


def test_the_table_of_times(measured):
    head, big, small, alone = cells.times(measured)
    assert head == ["", "gpugrad", "torch", "spread", "of the limit"]
    # Copying 1 GB at 1 GB/s takes a second, longer than 4 GFLOP at 8 GFLOP/s; gpugrad takes two.
    assert big == ["work/big", "0.50 (2 s)", "1.00 (4 s)", "50%", "50%"]
    assert small == ["work/small", "2.00 (50 ms)", "1.00 (25 ms)", "0%", ""]
    assert alone == ["other/alone", "", "", "0%", ""]
    assert cells.ratios(measured)[1] == ["work/big", "2 s", "0.50", "1.00", "50%", "50%"]


def test_without_pytorch_times_are_relative_to_work_by_hand_or_to_nothing(measured):
    row = Row("work", "", Case("c"), [Result("gpugrad", [2.0]), Result("by hand", [1.0])])
    assert cells.times(measured._replace(rows=[row]))[1][1:3] == ["2.00 (2 s)", "1.00 (1 s)"]
    row = Row("work", "", Case("c"), [Result("gpugrad", [2.0])])
    assert cells.times(measured._replace(rows=[row]))[1][1] == "2 s"


def test_a_small_ratio_keeps_two_digits(measured):
    row = Row("work", "", Case("c"), [Result("gpugrad", [0.0123]), Result("torch", [1.0])])
    assert cells.ratios(measured._replace(rows=[row]))[1][2] == "0.012"


def test_the_tables_of_the_readme_are_those_that_were_measured():
    root = Path(__file__).parents[2]
    readme = (root / "README.md").read_text(encoding="utf-8")
    speed = readme.partition("\n## Speed\n")[2].partition("\n## ")[0]
    (folder,) = set(re.findall(r"\]\((bench/results/[^)/]+)\)", speed))
    found = record.load(root / folder / "results.json")
    told = {row[0]: row[1:] for row in cells.times(found)[1:]}
    memory = {row[0]: row[1:] for row in cells.peaks(found)[1:]}
    lines = re.findall(r"^\|.*\(`(\w+/[^`]+)`\) \|(.*)\|$", speed, re.M)
    assert len(lines) >= 20
    for name, line in lines:
        shown = [cell.strip() for cell in line.split(" | ")]
        assert shown in (told[name][: len(shown)], memory.get(name)), name
    assert found.environment["commit"] in speed


def test_what_times_are_relative_to_is_told(measured):
    alone = measured._replace(
        rows=[Row("work", "", Case("c"), [Result("gpugrad", [2.0]), Result("by hand", [1.0])])]
    )
    both = measured._replace(rows=measured.rows + alone.rows)
    assert cells.base(measured) == "eager PyTorch"
    assert cells.base(alone) == "NumPy or CuPy by hand"
    assert cells.base(both) == "eager PyTorch or NumPy or CuPy by hand"
    assert cells.base(measured._replace(rows=measured.rows[-1:])) == ""
    assert "relative to NumPy or CuPy by hand " in plots.ratios(alone).axes[0].get_xlabel()


def test_units():
    times = (5e-10, 9.994e-4, 9.996e-4, 0.25, 1234.0)
    assert [cells.duration(s) for s in times] == ["0.5 ns", "999 µs", "1 ms", "250 ms", "1230 s"]
    sizes = (0, 12, 999_999, 45_670_000_000, 4.1e12)
    assert [cells.size(n) for n in sizes] == ["0 kB", "0.012 kB", "1 MB", "45.7 GB", "4.1 TB"]


def test_memory_and_failures(measured):
    assert cells.peaks(measured) == [["", "gpugrad", "torch"], ["work/big", "30 MB", "1.5 kB"]]
    assert cells.failures(measured) == [
        f"jax: {MISSING} (work/big, work/small)",
        "gpugrad: MemoryError: no room (other/alone)",
    ]


def test_who_takes_no_part_is_not_named(measured):
    row = Row("w", "", Case("c"), [Result("torch", [], None, "NotImplementedError: takes no part")])
    assert cells.failures(measured._replace(rows=[row])) == []


def test_the_report_has_everything(measured):
    text = report.markdown(measured, ["ratios.png"])
    for part in (
        "| device | a processor |",
        "copy 1 GB/s; matrix product float32 8 GFLOP/s",
        "0.50 (2 s)",
        "30 MB",
        "no room",
        "- `work`: some work",
        "![ratios](ratios.png)",
    ):
        assert part in text


def test_the_way_through_the_file(measured, tmp_path):
    file = tmp_path / "results.json"
    file.write_text(record.to_json(measured))
    assert record.load(file) == measured
    assert json.loads(file.read_text())["rows"][0]["results"][0]["samples"] == [2.0, 2.0, 3.0]
    file.write_text("[]")
    with pytest.raises(ValueError, match=r"no results\.json of this version"):
        record.load(file)


def test_the_pictures(measured):
    drawn = plots.pictures(measured)
    assert set(drawn) == {"ratios.png", "roofline.png", "sizes.png"}
    assert all(content.startswith(b"\x89PNG") for content in drawn.values())
    (axes, *_) = plots.ratios(measured).axes
    bars = [bar for bars in axes.containers for bar in bars]
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(1.0, -0.5), (1.0, 1.0)]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].texts]


def test_a_legend_names_who_is_drawn(measured):
    assert legend(plots.ratios(measured)) == legend(plots.roofline(measured)) == ["gpugrad", "torch"]
    rows = [row._replace(results=row.results[:1]) for row in measured.rows]
    assert legend(plots.roofline(measured._replace(rows=rows))) == ["gpugrad"]
    assert legend(plots.sizes(measured._replace(rows=rows))) == ["gpugrad"]


def test_types_of_one_rate_have_one_roof(measured):
    big = measured.rows[0]
    rows = [big._replace(case=big.case._replace(dtype=d)) for d in ("float32", "float16", "bfloat16")]
    limits = {**measured.limits, "float16": 64e9, "bfloat16": 64e9}
    (axes,) = plots.roofline(measured._replace(rows=rows, limits=limits)).axes
    told = [text.get_text() for text in axes.texts]
    assert [text for text in told if "GFLOP" in text] == [
        "float32 8 GFLOP/s",
        "float16, bfloat16 64 GFLOP/s",
    ]


def test_a_picture_of_nothing_is_left_out(measured):
    assert plots.pictures(measured._replace(rows=measured.rows[-1:])) == {}
