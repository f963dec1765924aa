"""The fold of visits into a URL's state: when it is due again, what is kept, when it is gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.cdxj import Ref
from pipeline.crawl.history import next_state
from pipeline.crawl.states import STATES, next_due, state_of
from pipeline.crawl.urlstate import UrlState

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "history.jsonl").read_text("utf-8").splitlines()
]
START = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://x.cn/1"


def hours(at: datetime | None) -> float | None:
    """Hours from START."""
    return None if at is None else round((at - START) / timedelta(hours=1), 4)


def ref(number: int, kind: str, said: dict[str, Any]) -> Ref:
    """A visit as a case tells it: 200 and ok with body `a`, but for what it says."""
    plain: dict[str, Any] = {
        "id": f"r{number}", "url": URL, "source": "s", "kind": kind, "status": 200, "outcome": "ok",
        "digest": "a", "via": None, "part_of": None, "etag": None, "last_modified": None,
    }  # fmt: skip
    told = plain | {name: value for name, value in said.items() if name in plain}
    at = START + timedelta(hours=said["hours"])
    place: dict[str, Any] = {"file": f"f{number}", "offset": number, "length": number + 9}
    return Ref(url_key=URL, final_url=f"{URL}?{number}", fetched_at=at, mime="", **told, **place)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_what_visits_add_up_to(case: dict[str, Any]) -> None:
    kind = case.get("kind", "page")
    state: UrlState | None = None
    if found := case.get("found"):
        at = START + timedelta(hours=found["hours"])
        state = UrlState(
            key=URL, url=URL, source="s", kind=kind, first_seen=at, via=found["via"], part_of=found["part_of"]
        )
    due = []
    for number, said in enumerate(case["visits"]):
        visit = ref(number, kind, said)
        state = next_state(visit, state, said.get("every"), said.get("changed"))
        assert state.last_fetch == visit.fetched_at
        due.append(hours(state.next_due))
    for said, found in zip(case["due"], due, strict=True):
        if isinstance(said, list):  # from, until: jitter takes a part of the wait
            assert found is not None
            assert said[0] <= found <= said[1]
        else:
            assert found == said
    for name, wanted in case["state"].items():
        value = getattr(state, name)
        assert (hours(value) if isinstance(value, datetime) else value) == wanted, name


def test_the_good_response_is_kept_whole() -> None:
    state = None
    for number in (3, 4):
        state = next_state(ref(number, "page", {"hours": number, "digest": str(number)}), state, None, None)
    assert state is not None
    kept = (state.good_id, state.good_url, state.good_file, state.good_offset, state.good_length)
    assert kept == ("r4", f"{URL}?4", "f4", 4, 13)
    assert (hours(state.good_at), state.good_digest) == (4, "4")


def test_what_failed_together_does_not_come_back_together() -> None:
    at = START
    one, again, other = (
        next_due(
            UrlState(
                key=key, url=URL, source="s", kind="feed", first_seen=at, last_fetch=at, looks=1, fails=1
            )
        )
        for key in ("a", "a", "b")
    )
    assert one == again
    assert one != other


def test_a_probe_comes_at_least_every_week_for_ever() -> None:
    at = START
    for fails in (9, 40, 4000):
        state = UrlState(
            key=URL, url=URL, source="s", kind="feed", first_seen=at, last_fetch=at, looks=1, fails=fails
        )
        due = next_due(state)
        assert due is not None
        assert timedelta(days=6) < due - at <= timedelta(days=7)


def test_every_state_is_the_state_of_something() -> None:
    def known(**said: Any) -> UrlState:
        plain: dict[str, Any] = {"key": URL, "url": URL, "source": "s", "kind": "page", "first_seen": START}
        return UrlState(**plain | {"looks": 1, "last_fetch": START, "status": 200} | said)

    year = timedelta(days=365)
    examples = {
        "companion": known(kind="robots"),
        "twin": known(twin_of=URL + "?wid=1"),
        "found": known(looks=0, last_fetch=None, status=None),
        "buried": known(gone=True, fails=9, missing_since=START - year),
        "gone": known(gone=True, fails=9, missing_since=START),
        "missing": known(fails=1, missing_since=START),
        "refused": known(fails=1, outcome="robots"),
        "failing": known(fails=1, outcome="timeout"),
        "imported": known(status=0),
        "read": known(kind="sitemap", interval=60.0),
        "settled": known(),
        "fresh": known(interval=60.0),
    }
    assert list(examples) == [name for name, *_ in STATES]
    assert {name: state_of(state) for name, state in examples.items()} == {name: name for name in examples}
