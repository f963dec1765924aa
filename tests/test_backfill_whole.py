"""A backfill by its days, from the web to the version: with extraction, which has the last word on them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import runs
from pipeline.corpus.read import read
from pipeline.runs import Folders
from tests.corpus import articles
from tests.web.loopback import Page, Site

FIRST = date(2020, 1, 1)

SOURCE = """
home = "{base}/"
listings = [{{ url = "{base}/list", links = "a.a" }}]
delay = 0.0
allow_private = true
"""


@pytest.fixture
def folders(site: Site, tmp_path: Path) -> Folders:
    """Forty articles, one a day, whose addresses say nothing, on a listing of eight pages."""
    for number in range(40):
        day = FIRST + timedelta(number)
        text = "".join(f"<p>{line}</p>" for line in articles.article(number).split("\n"))
        head = f"<title>旧事{number}</title><meta property='article:published_time' content='{day}T08:00:00+08:00'>"
        html = f"<!doctype html><html><head>{head}</head><body><article>{text}</article></body></html>"
        site.pages[f"/a/{number}.html"] = Page(html.encode())
    for page in range(8):
        rows = "".join(f"<a class=a href='/a/{39 - page * 5 - n}.html'>旧事</a>" for n in range(5))
        more = f"<a href='/list?page={page + 2}'>下一页</a>" if page < 7 else ""
        site.pages["/list" if page == 0 else f"/list?page={page + 1}"] = Page(f"<html>{rows}{more}".encode())
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/village.toml").write_text(SOURCE.format(base=site.base), "utf-8")
    return Folders(
        sources=tmp_path / "sources",
        raw=tmp_path / "raw",
        clean=tmp_path / "clean",
        work=tmp_path / "work",
        workers=1,
        user_agent="village-corpus/1 (+https://village.example.cn/corpus; a@village.example.cn)",
    )


def days(folders: Folders) -> list[date]:
    return sorted(read(folders.clean, columns=["published_on"])["published_on"].to_pylist())


def test_two_days_of_2020_bring_two_days_of_2020(site: Site, folders: Folders) -> None:
    asked: dict[str, Any] = {"since": date(2020, 1, 10), "until": date(2020, 1, 11)}
    done = runs.backfill(folders, **asked, fetch=True)
    assert days(folders) == [date(2020, 1, 10), date(2020, 1, 11)]
    (gap,) = done.coverage
    assert [(each.first, each.captures) for each in gap.days] == [(d, 1) for d in days(folders)]
    dropped = read(folders.clean, table="dropped", columns=["reason"])["reason"].to_pylist()
    assert set(dropped) == {"outside"}
    site.log.clear()
    runs.backfill(folders, **asked, fetch=True)
    assert site.asked() == [], "it goes on where it was: nothing is left"
    runs.backfill(folders, since=date(2020, 1, 12), until=date(2020, 1, 12), fetch=True)
    assert days(folders) == [date(2020, 1, n) for n in (10, 11, 12)]


def test_a_plan_before_anything_was_fetched(site: Site, folders: Folders) -> None:
    (gap,) = runs.plan_backfill(folders, since=date(2020, 1, 10), until=date(2020, 1, 11))
    assert [(each.captures, each.known, each.expected) for each in gap.days] == [(0, 0, None)] * 2
    assert gap.days[0].ways == ("listing pages", "others' archives")
    assert (gap.lists, site.log) == (1, [])
