"""What becomes of an article's days between its captures, in a correction, and under a time that is not believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.corpus.correcting import Corrector
from pipeline.corpus.identity import short_hash
from pipeline.corpus.pages import extract_group
from pipeline.corpus.revisions import Revisions
from pipeline.corrections import Correction
from pipeline.explain import explain_lines
from pipeline.look.document import facts
from pipeline.records import DATE_AFTER_CAPTURE, Capture, Document, Outcome, Place
from tests.corpus.archives import PLAIN
from tests.corpus.rows import row

AT = datetime(2026, 11, 3, 8, tzinfo=UTC)
BODY = "".join(f"<p>{line}</p>" for line in PLAIN[0].body)


def capture(
    said: str, *, file: str = "warc/2026/11/03/a.warc.gz", at: datetime = AT, meta: str = ""
) -> Capture:
    url = "https://news.example.cn/a/1.html"
    html = (
        f"<meta charset=utf-8><title>{PLAIN[0].title}</title>{meta}<h1>{PLAIN[0].title}</h1><div>{said}</div>"
    )
    return Capture(
        id="<urn:uuid:1>",
        source="news",
        url=url,
        url_key=url,
        final_url=url,
        fetched_at=at,
        status=200,
        body=f"{html}<div class=zw>{BODY}</div>".encode(),
        outcome=Outcome.OK,
        place=Place(file=file, offset=0, length=1),
    )


def extracted(each: Capture) -> Document:
    (found,) = extract_group(Path("raw"), [each], None)  # one page reads no archive
    return found


def test_all_that_is_known_of_the_days_comes_into_the_row() -> None:
    meta = '<meta property="article:modified_time" content="2026-11-03T02:00:00Z">'
    found = extracted(capture("发布时间：2026-11-02 08:49", meta=meta))
    assert (found.published_on, found.published_at) == (date(2026, 11, 2), "2026-11-02T08:49+08:00")
    assert (found.published_from, found.published_at_from, found.published_confidence) == (
        "label",
        "label",
        "high",
    )
    assert (found.modified_on, found.modified_at) == (date(2026, 11, 3), "2026-11-03T10:00:00+08:00")
    assert (found.modified_raw, found.modified_from) == ("2026-11-03T02:00:00Z", "meta:article:modified_time")
    assert found.zone_from == "country"
    told = "\n".join(explain_lines(found))
    assert "published  2026-11-02T08:49+08:00 from '2026-11-02' (label; zone by country; high)" in told
    assert (
        "modified   2026-11-03T10:00:00+08:00 from '2026-11-03T02:00:00Z' (meta:article:modified_time" in told
    )
    shown = {fact.name: (fact.value, fact.read) for fact in facts(found)}
    assert shown["published"] == ("2026-11-02T08:49+08:00", "label; zone by country; high")
    assert shown["modified"][0] == "2026-11-03T10:00:00+08:00"


def test_a_day_told_from_that_of_the_capture_is_told_once() -> None:
    first = extracted(capture("3小时前"))
    later = extracted(capture("昨天", at=AT + timedelta(days=1)))
    assert (first.published_on, first.published_from, first.published_confidence) == (
        date(2026, 11, 3),
        "ago",
        "low",
    )
    seen = Revisions()
    seen.take([first, replace(later, capture="<urn:uuid:2>")])
    assert [(d.published_raw, d.captured_at) for d in seen.now.values()] == [("3小时前", AT)]
    assert [d.reason for d in seen.aside] == [Outcome.UNCHANGED]


def test_a_day_that_comes_to_be_printed_whole_is_a_revision() -> None:
    seen = Revisions()
    whole = extracted(capture("2026-11-03 13:05", at=AT + timedelta(days=1)))
    seen.take([extracted(capture("3小时前")), replace(whole, capture="<urn:uuid:2>")])
    assert [d.published_raw for d in seen.now.values()] == ["2026-11-03"]


def test_a_day_after_the_capture_is_kept_as_printed_and_flagged() -> None:
    found = extracted(capture("2026-11-30"))
    assert (found.published_on, found.published_raw, found.published_from) == (None, "2026-11-30", "printed")
    assert [(flag.name, flag.text) for flag in found.flags] == [(DATE_AFTER_CAPTURE, "2026-11-30")]
    assert "published  - from '2026-11-30' (printed: later than the capture)" in explain_lines(found)


@pytest.mark.parametrize(("said", "day"), [("2026-11-30", date(2026, 11, 30)), ("3小时前", None)])
def test_a_time_that_is_not_believed_is_no_measure(said: str, day: date | None) -> None:
    found = extracted(capture(said, at=datetime(2026, 11, 8, tzinfo=UTC)))
    assert found.published_on == day
    assert DATE_AFTER_CAPTURE not in {flag.name for flag in found.flags}


@pytest.mark.parametrize(("day", "confidence"), [(date(2026, 1, 2), "high"), ("", None)])
def test_a_corrected_day_loses_the_hour_of_the_other(day: date | str, confidence: str | None) -> None:
    body = "\n".join(PLAIN[0].body)
    was = row(
        1,
        extracted=body,
        extracted_hash=short_hash(body),
        published_on=date(2026, 9, 1),
        published_at="2026-09-01T08:49+08:00",
        published_at_from="label",
        published_confidence="high",
        zone_from="page",
    )
    said = Correction(id=was.id, file="c.toml", line=3, why="x", text=was.extracted_hash, published_on=day)
    (found,) = Corrector({was.id: [said]}, lambda _: None).correct([was])
    assert (found.published_on, found.published_confidence) == (day or None, confidence)
    assert (found.published_at, found.published_at_from, found.zone_from) == (None, None, None)
