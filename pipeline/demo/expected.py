"""What a careful editor wants of the sample site, page by page: the answer sheet of the end-to-end test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.demo.pages import CAPTCHA, MISSING, PRIVATE, REDIRECTS, SOFT_GONE, TOPIC
from pipeline.demo.sites import SITES
from pipeline.demo.stories import PAGE_BREAK, Story, stories, turned


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One document of the corpus as it ought to be."""

    slug: str
    """Name of the article file it comes from."""
    source: str
    """Name of the source that finds it."""
    url: str
    """Address of its page, of the first one if it goes over several."""
    part: int = 1
    """2 for the article glued below another one."""
    title: str
    """Normalized. The facts from here to `origin_url` are None where the page prints nothing."""
    author: str | None
    """As printed, several joined with 、."""
    published_on: date | None
    origin_name: str | None
    """As printed."""
    origin_url: str | None
    text: str
    """The whole text, normalized, one line a paragraph."""
    sentences: tuple[str, ...]
    """Pieces from its beginning, middle and end that must be in the text."""
    absent: tuple[str, ...]
    """Furniture and damage that must not be in the text."""
    flags: tuple[str, ...] = ()
    """Names of the flags it must carry."""
    reason: str | None = None
    """Why it is not published; None: it is."""
    relation: str | None = None
    """duplicate, contained_in or same_form; None: an article of its own."""
    of: str | None = None
    """Slug of the article it repeats, or name of the form it fills in."""


def expected(turn: int, base: str, mirror: str) -> tuple[Expected, ...]:
    """All documents the corpus must hold after a turn, by slug; base and mirror as of the running site.

    What vanished in turn 2 is still expected: the archive holds it.
    """
    return tuple(
        _expected(one, turn, {"a": base, "mirror": mirror}) for one in stories() if min(one.turns) <= turn
    )


def outcomes(base: str) -> dict[str, tuple[str, ...]]:
    """Linked addresses that yield no article of their own → the outcomes or reasons that are right for them."""
    found = {
        base + CAPTCHA: ("blocked",),
        base + SOFT_GONE: ("soft_gone",),
        base + MISSING: ("gone",),
        base + PRIVATE: ("robots",),
        base + TOPIC: ("list_page",),
    }
    return found | {base + old: ("redirect", "duplicate") for old in REDIRECTS}


def _expected(one: Story, turn: int, bases: dict[str, str]) -> Expected:
    host = next((other for other in stories() if other.slug == one.glued_below), one)
    site = SITES[one.site]
    lines = [line.removeprefix("## ") for line in turned(one, turn)[0] if line != PAGE_BREAK]
    return Expected(
        slug=one.slug,
        source="mirror" if site.server == "mirror" else one.site,
        url=bases[site.server] + host.path,
        part=1 if host is one else 2,
        title=one.title,
        author=one.author,
        published_on=one.published.date() if one.published else None,
        origin_name=one.origin,
        origin_url=one.origin_url.replace("$base", bases["a"]) if one.origin_url else None,
        text="\n".join(lines),
        sentences=_sentences(lines),
        absent=(*site.absent, *one.absent),
        flags=one.flags,
        reason=one.reason,
        relation=one.relation,
        of=one.of,
    )


def _sentences(lines: list[str]) -> tuple[str, ...]:
    """The opening of the first and of the middle paragraph, and the end of the last one."""
    prose = [line for line in lines if len(line) > 20] or lines
    middle = prose[len(prose) // 2]
    return prose[0][:24], middle[:24], prose[-1][-24:]
