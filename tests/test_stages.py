"""What is told of the stages of a run, and that nothing is where nobody watches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.corpus.build import build
from pipeline.corpus.job import locked
from pipeline.crawl.run import crawl
from pipeline.errors import BusyError
from pipeline.stages import StageName, Told, stage, watched
from tests.corpus.archives import job, story_page, write
from tests.web.loopback import Page, Site, article, feed, source_of


def ends(told: list[Told]) -> list[tuple[str, str, dict[str, int], str]]:
    return [(each.name, each.source, each.counts, each.idle) for each in told if each.ended]


def test_a_build_tells_its_stages_in_order_with_counts_and_why_one_did_nothing(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0), story_page(1)])
    told: list[Told] = []
    with watched(told.append):
        build(job(tmp_path))
    assert ends(told) == [
        ("extract", "", {"captures": 2, "extracted": 2}, ""),
        ("normalize", "", {"captures": 2, "normalized": 2}, ""),
        ("deduplicate", "", {"captures": 2, "kept": 2}, ""),
        ("publish", "", {"added by capture": 2}, ""),
    ]
    began = [each.name for each in told if not each.ended and not each.done]
    assert began == ["extract", "normalize", "deduplicate", "publish"]
    assert max(each.done for each in told if each.name == StageName.DEDUPLICATE) == 2

    told.clear()
    with watched(told.append):
        build(job(tmp_path))
    assert [each.idle for each in told if each.ended] == [
        "there are no new captures",
        "there are no new captures",
        "no row is new",
        "there is nothing new to publish",
    ]

    told.clear()
    with watched(told.append):
        build(job(tmp_path, full=True))
    assert [each.idle for each in told if each.ended][:2] == [
        "all 2 captures are extracted already",
        "all 2 captures are normalized already",
    ]


def test_a_crawl_tells_its_stages_of_each_source(site: Site, tmp_path: Path) -> None:
    site.pages |= {
        "/a/1.html": article(1),
        "/feed.xml": feed(site.base + "/a/1.html", site.base + "/a/2.html"),
    }
    site.pages["/other.xml"] = Page(b"", status=500)
    well = source_of(site, feeds=(site.base + "/feed.xml",))
    sick = replace(well, name="sick", feeds=(site.base + "/other.xml",), expect_links=1)
    told: list[Told] = []
    with watched(told.append):
        crawl([well, sick], tmp_path)
    assert told[0].name == StageName.ARCHIVE
    assert (told[-1].name, told[-1].ended, told[-1].counts) == (StageName.ARCHIVE, True, {"captures": 5})
    by_source = {(str(each.name), each.source): each for each in told if each.ended}
    assert by_source["discover", well.name].counts == {"lists": 1, "links": 2, "new": 2}
    assert by_source["fetch", well.name].counts == {"due": 2, "fetched": 1, "failed": 1}
    assert by_source["discover", "sick"].wrong == "found 0 links, expected at least 1"
    assert by_source["fetch", "sick"].idle == "no page is due"

    told.clear()
    with watched(told.append):
        crawl([well], tmp_path)
    until, *rest = [each.idle for each in told if each.ended]
    assert until.startswith("not due until 20")
    assert rest == ["no page is due", "nothing was asked"]


def test_an_error_ends_its_stage_with_its_words() -> None:
    told: list[Told] = []
    with watched(told.append), pytest.raises(ValueError, match="no room"), stage(StageName.PUBLISH):
        raise ValueError("no room")
    assert [(each.ended, each.wrong) for each in told] == [(False, ""), (True, "no room")]


def test_a_build_that_is_locked_out_tells_of_no_stage(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0)])
    told: list[Told] = []
    with locked(job(tmp_path)), watched(told.append), pytest.raises(BusyError):
        build(job(tmp_path))
    assert told == []


def test_nobody_is_told_after_the_with() -> None:
    told: list[Told] = []
    with watched(told.append):
        pass
    with stage(StageName.FETCH):
        pass
    assert told == []
