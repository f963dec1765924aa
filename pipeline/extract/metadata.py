"""The facts of an article, each from what the page prints before what it declares.

Each fact is an ordered table of readers (title.py, published.py, author.py, origin.py) and says which of them gave
it. The order of places is the same for all: the lines between title and body, those just above the title, the
labelled lines at the foot, then meta elements, JSON-LD, script variables, the address. A fact that is only
declared is believed where declarations were right on 63 pages of 40 sites (titles, days), else least. How
readers that differ are weighed stands in evidence.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from pipeline.extract.author import find_author
from pipeline.extract.body import Reading
from pipeline.extract.clock import FOOT
from pipeline.extract.days import last_day, with_days
from pipeline.extract.declared import Declared
from pipeline.extract.evidence import Evidence
from pipeline.extract.images import absolute
from pipeline.extract.layout import Layout
from pipeline.extract.origin import ELSEWHERE, SAID, find_origin
from pipeline.extract.printed import read_printed
from pipeline.extract.title import Title, letters
from pipeline.records import Article

BREADCRUMB_REACH = 12
"""Lines above the title searched for the breadcrumb."""

BREADCRUMB = 200
"""Code points read of it."""

SECTION = 40
"""Code points kept of a section's name."""

STEP = re.compile(r"\s?[>＞»›/→|]+\s?|\s-+\s")
NO_SECTION = frozenset({"", "正文", "首页", "首頁", "Home", "内容"})


def read_metadata(
    layout: Layout,
    declared: Declared,
    reading: Reading,
    title: Title,
    url: str,
    captured_at: datetime | None = None,
) -> Article:
    """The facts of the article whose body is `reading`; what the page does not say stays None."""
    printed = read_printed(layout, reading, title.at)
    page = Evidence(
        printed=printed,
        declared=declared,
        url=url,
        title=title.text,
        text=reading.text,
        captured_at=captured_at,
        latest=last_day(captured_at),
    )
    origin_from, origin = find_origin(SAID, page)
    author_from, author = find_author(replace(page, origin=origin[0] if origin else None))
    if origin is None:
        origin_from, origin = find_origin(ELSEWHERE, replace(page, author=author))
    canonical = declared.canonical or declared.meta.get("og:url") or ""
    article = Article(
        title=title.text,
        title_from=title.found_by,
        author=author,
        author_from=author_from,
        origin_name=origin[0] if origin else None,
        origin_url=origin[1] if origin else None,
        origin_from=origin_from,
        site_name=declared.meta.get("og:site_name"),
        section=_section(layout, title.at if title.at is not None else reading.start, title.text),
        canonical_url=(absolute(url, canonical) or None) if canonical else None,
    )
    return with_days(article, page, [line.text for line in layout.lines[-FOOT:]])


def _section(layout: Layout, before: int, title: str | None) -> str | None:
    """The last step of the breadcrumb above the title."""
    for line in reversed(layout.lines[max(0, before - BREADCRUMB_REACH) : before]):
        if re.search(r"首页|首頁|位置|Home", line.text) and re.search(r"[>＞»›/→-]", line.text):
            steps = STEP.split(re.sub(r"^.{0,10}位置\s?[:：]?", "", line.text[:BREADCRUMB]))
            named = [s.strip() for s in steps if s.strip() not in NO_SECTION]
            named = [step for step in named if letters(step) != letters(title or "")]
            return named[-1][:SECTION] if named else None
    return None
