"""A run in words: what the web said stays quoted in the Markdown of an artifact."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pipeline.corpus.changes import difference
from pipeline.corpus.job import BuildReport
from pipeline.crawl.gaps import Gap
from pipeline.crawl.tally import SourceRun
from pipeline.health.acks import Ack
from pipeline.health.past import Finding
from pipeline.health.status import SourceStatus
from pipeline.printable import CONTROL
from pipeline.records import USABLE, Outcome
from pipeline.report import (
    WHY_NOT,
    build_words,
    crawl_notes,
    markdown_maintenance,
    markdown_run,
    plan_words,
    refusals,
)
from pipeline.runs import RunReport
from pipeline.upkeep import Maintenance

CLEAN = Path("/data/clean")


def report(note: str, title: str) -> RunReport:
    sample: dict[str, str | None] = {
        "kind": "changed",
        "cause": "normalize",
        "title": title,
        "url": "http://example.org/",
        "before": "旧文",
        "after": "新文",
    }
    build = BuildReport(version="1.2.0", parent="1.1.0", published=True, full=None, samples=(sample,))
    return RunReport(crawled=(SourceRun(source="news", found=3, notes=(note,)),), build=build)


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "[click](http://evil.example/)",
    "![](http://evil.example/i.png)",
    "first\n\n# A heading",
    "first\r\r[click](http://evil.example/)",
    "```\n<script>alert(1)</script>",
    "`a` *b* __c__ ~~~",
    "| a | b |",
    "\x1b[31m\x9b2J\u202e&#60;b>",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_a_page_says_acts_as_markdown(hostile: str) -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    html = reader.render(markdown_run(report(hostile, hostile), CLEAN))
    assert "<a " not in html, "this reader makes no link of file:, so that one would be the page's"
    assert html.count("<table>") == 1
    assert html.count("<pre><code>") == 2
    assert "<h1>" not in html
    assert "<img" not in html
    assert "<script" not in html


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nor_does_what_a_refusal_an_alarm_or_a_state_quotes(hostile: str) -> None:
    day = date(2026, 11, 1)
    unwell = SourceStatus(
        source="news",
        state="failing",
        findings=(Finding(state="failing", since=day, told=hostile),),
        acknowledged=Ack(source="news", state="failing", until=day, why=hostile),
        held=hostile,
    )
    build = BuildReport(
        version=None,
        parent=None,
        published=False,
        full=hostile,
        held={"news": hostile},
    )
    run = RunReport(
        crawled=(SourceRun(source="news", refused=hostile), SourceRun(source="b", failed_with=hostile)),
        build=build,
        health=(unwell,),
    )
    text = markdown_run(run, CLEAN) + "\n\n" + markdown_maintenance(Maintenance(kept={"1.2.0": hostile}))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = set(re.findall(r"<(/?[a-z0-9]+)", html))
    assert {tag.strip("/") for tag in tags} <= {
        "p",
        "strong",
        "em",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert html.count("<table>") == 3
    assert CONTROL.search(text) is None


def test_funnel_and_version_stand_in_it() -> None:
    text = markdown_run(report("a note", "题"), CLEAN)
    assert "| news | 3 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in text
    assert text.endswith("The version: `/data/clean/1.2.0`")
    text = markdown_run(report("a note", "题"), CLEAN, "http://127.0.0.1:4280/")
    assert text.endswith("to look at: [1.2.0](http://127.0.0.1:4280/version/1.2.0)")
    assert "    -旧文\n    +新文" in text


def test_the_version_is_a_link_where_it_can_be_looked_at() -> None:
    text = markdown_run(report("a note", "题"), CLEAN, "http://127.0.0.1:4280")
    assert "[1.2.0](http://127.0.0.1:4280/version/1.2.0)" in text
    assert "file:" not in text


def test_nothing_a_page_says_steers_whoever_reads_it() -> None:
    text = markdown_run(report("a\x1b[2J\u202enote", "题\x07\u2066"), CLEAN)
    assert not {"\x1b", "\u202e", "\x07", "\u2066"} & set(text)
    assert "a\\x1b[2J\\u202enote" in text


def test_a_cell_ends_no_cell_and_no_row() -> None:
    table = markdown_maintenance(Maintenance(kept={"1.2.0": "pinned | by\nhand \\| here"}))
    html = MarkdownIt("commonmark").enable("table").render(table)
    assert html.count("<tr>") == 2
    assert html.count("<td>") == 2
    assert "pinned | by hand" in html


@pytest.mark.parametrize(
    ("full", "words"), [(None, "3 new archive files;"), ("asked for", "3 archive files read;")]
)
def test_only_what_is_new_is_called_new(full: str | None, words: str) -> None:
    build = BuildReport(version=None, parent=None, published=False, full=full, files=3)
    assert any(line.startswith(words) for line in build_words(RunReport(build=build)))


def test_a_preview_does_not_call_changes_nothing_new() -> None:
    build = BuildReport(
        version="1.2.0", parent="1.1.0", published=False, full="asked for", changes={"changed:normalize": 1}
    )
    assert build_words(RunReport(build=build, preview=True))[-1] == "Nothing was published."


@pytest.mark.parametrize(
    ("answered", "reached"),
    [
        ((False, False), False),
        ((False, None), False),
        ((False, True), True),
        ((None, None), True),  # none was due, or all are backing off, or nothing of them is wanted
        ((), True),
    ],
)
def test_a_crawl_is_refused_when_nothing_that_was_asked_was_reached(
    answered: tuple[bool | None, ...], reached: bool
) -> None:
    visits = [
        SourceRun(source=name, answered=each, notes=("2 links not taken: not_included",))
        for name, each in zip("ab", answered, strict=False)
    ]
    assert (refusals(RunReport(crawled=tuple(visits))) == []) is reached


def test_a_source_that_failed_is_named_with_its_error_and_the_others_are_not() -> None:
    run = RunReport(
        crawled=(SourceRun(source="a", failed_with="TypeError: x"), SourceRun(source="b", outcomes={"ok": 1}))
    )
    assert refusals(run) == ["a failed: TypeError: x (the log has the traceback)"]
    assert "**a failed: TypeError: x" in markdown_run(run, CLEAN)


def test_the_longest_source_decides_how_long_a_backfill_takes() -> None:
    gaps = [
        Gap(source=name, days=(), captures=0, missing=(), lists=0, requests=n, hours=hours)
        for name, n, hours in (("a", 10, 2.0), ("b", 5, 0.5))
    ]
    assert plan_words(gaps).startswith("15 requests in all at the least, about 2.00 hours")


def test_a_difference_is_cut_to_a_readable_length() -> None:
    lines = difference("\n".join("旧" * 500 for _ in range(50)), "\n".join("新" * 500 for _ in range(50)))
    assert len(lines) == 8
    assert max(len(line) for line in lines) == 160


def test_a_clock_that_jumped_is_no_source_that_could_not_be_reached() -> None:
    told = SourceRun(source="village", notes=("clock: the newest visit known is of 2028-01-03",))
    assert refusals(RunReport(crawled=(told,))) == []
    assert crawl_notes(RunReport(crawled=(told,))) == [f"village: {told.notes[0]}"]


def test_pages_that_did_not_come_are_told_with_why() -> None:
    pages = {"gone": 2, "http_error": 1, "ok": 5, "robots": 3, "unchanged": 1, "unreadable": 1}
    told = SourceRun(source="village", failed=3, robots=3, pages=pages, notes=("cap: x",))
    assert crawl_notes(RunReport(crawled=(told,))) == [
        "village: pages that did not come: 2 not there (404, 410), 1 answered with an error,"
        " 3 forbidden by robots.txt, 1 unreadable",
        "village: cap: x",
    ]
    assert RunReport(crawled=(told,)).funnel()["village"]["blocked"] == 3
    assert crawl_notes(RunReport(crawled=(SourceRun(source="a", pages={"ok": 1}),))) == []


def test_every_outcome_of_a_visit_that_brings_no_page_has_its_words() -> None:
    of_no_visit = {Outcome.REDIRECT, Outcome.UNREADABLE, Outcome.DAMAGED}
    assert set(WHY_NOT) == set(Outcome) - USABLE - of_no_visit
