"""The facts of an article, each from what the page prints before what it declares.

Each fact is an ordered table of readers (title.py, published.py, author.py, origin.py) and says which of them gave
it. The order of places is the same for all: the lines between title and body, those just above the title, the
labelled lines at the foot, then meta elements, JSON-LD, script variables, the address. A fact that is only
declared is believed where declarations were right on 63 pages of 40 sites (titles, days), else least. How
readers that differ are weighed stands in evidence.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.extract.author import find_author
from pipeline.extract.body import Reading
from pipeline.extract.chain import origin_chain
from pipeline.extract.clock import FOOT
from pipeline.extract.days import last_day, with_days
from pipeline.extract.declared import Declared
from pipeline.extract.evidence import Evidence
from pipeline.extract.filed import find_sections, find_tags
from pipeline.extract.images import absolute
from pipeline.extract.layout import Layout
from pipeline.extract.names import ORG
from pipeline.extract.origin import ELSEWHERE, SAID, find_origin
from pipeline.extract.people import find_affiliation, find_editors
from pipeline.extract.printed import read_printed
from pipeline.extract.shortened import completed
from pipeline.extract.title import Title
from pipeline.records import Article


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
        is_named_below = origin_from == "foot" and author_from in ("beside_day", "above_day")
        if origin and author == origin[0] and (is_named_below or ORG.search(author)):
            author_from = author = None  # a label below says what the name is, or the site names itself twice
    title, cut = completed(title, layout, declared, reading.text)
    named = replace(page, title=title.text, author=author, origin=origin[0] if origin else None)
    sections = find_sections(
        layout, declared, title.at if title.at is not None else reading.start, title.text
    )
    canonical = declared.canonical or declared.meta.get("og:url") or ""
    article = Article(
        title=title.text,
        title_from=title.found_by,
        author=author,
        author_from=author_from,
        affiliation=find_affiliation(named),
        editors=find_editors(named),
        origin_name=origin[0] if origin else None,
        origin_url=origin[1] if origin else None,
        origin_from=origin_from,
        origins=origin_chain(named, origin, origin_from, reading.text),
        site_name=declared.meta.get("og:site_name"),
        section=sections[-1] if sections else None,
        sections=sections,
        tags=find_tags(named, reading.text),
        canonical_url=(absolute(url, canonical) or None) if canonical else None,
        flags=cut,
    )
    return with_days(article, page, [line.text for line in layout.lines[-FOOT:]])
