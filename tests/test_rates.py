from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import rates


def test_a_rate_is_kept_and_says_how_long_it_takes(tmp_path: Path) -> None:
    rates.note(tmp_path, {"extract": (100, 20.0), "compare": (19, 1.0)})
    assert rates.known(tmp_path) == {"extract": 5.0}, "too few say nothing"
    rates.note(tmp_path, {"compare": (400, 2.0)})
    known = rates.known(tmp_path)
    assert known == {"extract": 5.0, "compare": 200.0}
    assert rates.seconds({"extract": 50, "compare": 400, "normalize": 0}, known) == 12.0
    assert rates.seconds({"normalize": 1}, known) is None
    assert [path.name for path in tmp_path.iterdir()] == [rates.FILE]


@pytest.mark.parametrize("text", ["", "[]", '{"extract": "fast"}', '{"extract": null}', "7", "\x00"])
def test_what_cannot_be_read_is_no_rate(text: str, tmp_path: Path) -> None:
    (tmp_path / rates.FILE).write_text(text)
    assert rates.known(tmp_path) == {}


def test_a_folder_that_cannot_be_written_costs_the_figures_alone(tmp_path: Path) -> None:
    rates.note(tmp_path / "none", {"extract": (100, 20.0)})
    assert rates.known(tmp_path / "none") == {}


def test_the_stopwatch_knows_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, 3.0, 7.0])
    monkeypatch.setattr(rates.time, "monotonic", lambda: next(times))
    seen: list[tuple[str, int, int]] = []
    watch = rates.Stopwatch(lambda *said: seen.append(said))
    for said in (("extracting", 1, 2), ("extracting", 2, 2), ("comparing", 2, 2)):
        watch(*said)
    assert watch.seconds == {"extracting": 3.0, "comparing": 4.0}
    assert len(seen) == 3
