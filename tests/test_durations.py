"""How long the stages of a build took: measured beside whoever watches, kept in bounds, never in the way."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pipeline import durations
from pipeline.stages import StageName, Told, stage, watched


def test_a_stage_is_timed_and_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([1.0, 3.5, 10.0, 11.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    heard: list[Told] = []
    with watched(heard.append), durations.timed() as seconds:
        for _ in range(2):  # a stage that is gone through again, as one is without the rows of a source
            with stage(StageName.DEDUPLICATE):
                pass
    assert seconds == {"deduplicate": 3.5}
    assert [told.ended for told in heard] == [False, True, False, True]


def test_the_last_ones_are_kept_by_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durations, "KEPT", 2)
    for version in ("2.1.0", "2.2.0", "2.3.0"):
        durations.note(tmp_path, version, {"publish": 1.0})
    durations.note(tmp_path, "2.2.0", {"publish": 2.0})
    assert durations.of(tmp_path, "2.2.1") == {"publish": 2.0}
    assert durations.of(tmp_path, "2.1.0") == {}
    assert [path.name for path in tmp_path.iterdir()] == [durations.FILE]


@pytest.mark.parametrize("said", ["", "[]", '{"2.1": 3}', '{"2.1": {"publish": "long"}}'])
def test_what_cannot_be_read_is_not_known_and_written_anew(tmp_path: Path, said: str) -> None:
    (tmp_path / durations.FILE).write_text(said)
    assert durations.of(tmp_path, "2.1.0") == {}
    durations.note(tmp_path, "2.1.0", {"publish": 1.0})
    assert json.loads((tmp_path / durations.FILE).read_text()) == {"2.1": {"publish": 1.0}}


def test_where_it_cannot_be_kept_nothing_is_said(tmp_path: Path) -> None:
    durations.note(tmp_path / "nowhere", "2.1.0", {"publish": 1.0})
    assert not (tmp_path / "nowhere").exists()
