"""Tables, report and pictures of a record made by hand, and its way through results.json."""

import json

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


def test_a_picture_of_nothing_is_left_out(measured):
    assert plots.pictures(measured._replace(rows=measured.rows[-1:])) == {}
