"""Block, captcha and error pages that pretend to be the page asked for.

Signs (rules/block-patterns.tsv) count only on pages with few Han characters outside links: an article
about captchas is an article.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline.records import Outcome
from pipeline.rules import table
from pipeline.rules.han import IDEOGRAPHS
from pipeline.web.media import without_spans

CHALLENGES = frozenset({412, 521})
"""Statuses that are challenges by themselves: we never send If-Match, and 521 carries a script."""
MAX_BYTES = 1024 * 1024
"""A longer page is no block page; shorter ones are read whole, since styles may fill the first 600 KB."""

COUNTED = 10
"""Characters from which on a piece of text between two tags is counted while a page is read."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)[^<>]*+>")
_BLANK = re.compile(r"\s+")
_TITLE_SEPARATOR = re.compile(r"[-_|–—·»>]+")
_HAN = re.compile(f"[{IDEOGRAPHS}]+")
_UNSEEN = frozenset({"script", "style", "noscript", "template"})


@dataclass(frozen=True, slots=True)
class _Sign:
    verdict: Outcome
    where: str
    most_han: int
    phrase: str


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    text: str
    """Outside links, scripts and styles; lower case, without blanks."""


def judge_page(
    status: int, headers: Iterable[tuple[str, str]], body: bytes, text: str | None = None
) -> Outcome | None:
    """BLOCKED, SOFT_GONE, or None for a page that may be what was asked for.

    `text` is the decoded page where it is known; otherwise UTF-8, then GB18030 is assumed.
    """
    if status in {404, 410}:
        return None
    if status in CHALLENGES:
        return Outcome.BLOCKED
    if any(name.lower() == "cf-mitigated" and value.strip() == "challenge" for name, value in headers):
        return Outcome.BLOCKED
    if len(body) > MAX_BYTES:
        return None
    words = _words_of(body) if text is None else _words(text)
    if words is None:
        return None
    source = _decoded(body) if text is None else text
    han = _han(words.text)
    titles = {_folded(part) for part in (*_TITLE_SEPARATOR.split(words.title), words.title)}
    lowered = source.lower()
    for sign in _signs():
        if han < sign.most_han and (
            (sign.where == "title" and sign.phrase in titles)
            or (sign.where == "text" and sign.phrase in words.text)
            or (sign.where == "source" and sign.phrase in lowered)
        ):
            return sign.verdict
    return None


def seen(body: bytes) -> tuple[str, str]:
    """Title and text of a page (of its first MAX_BYTES) outside links, lower case and without blanks."""
    words = _words(_decoded(body[:MAX_BYTES]), enough=MAX_BYTES + 1)
    assert words is not None  # no page of so few bytes has so many characters
    return _folded(words.title), words.text


def prints_han(body: bytes, least: int) -> bool:
    """Whether a page (its first MAX_BYTES) prints so many Han characters outside links; up to the most of a sign."""
    assert least <= _most_han()
    words = _words_of(body)
    return words is None or _han(words.text) >= least


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")


@lru_cache(maxsize=2)
def _words_of(body: bytes) -> _Words | None:
    """The same of the first MAX_BYTES of a body; a visit asks twice, one after the other."""
    return _words(_decoded(body[:MAX_BYTES]))


def _words(source: str, enough: int | None = None) -> _Words | None:
    """Title and visible text of a page by one pass over its tags; linear in the length of the page.

    None as soon as its longer pieces have `enough` Han characters (None: so many that no sign counts).
    """
    enough = _most_han() if enough is None else enough
    source = without_spans(source, "<!--", "-->")
    han = 0
    title: list[str] = []
    text: list[str] = []
    unseen: str | None = None
    in_link = in_title = False
    position = 0
    for tag in _TAG.finditer(source):
        between = source[position : tag.start()]
        position = tag.end()
        closes, name = bool(tag[1]), tag[2].lower()
        if unseen is not None:
            unseen = None if closes and name == unseen else unseen
            continue
        if in_title:
            title.append(between)
        elif not in_link:
            text.append(between)
            if len(between) >= COUNTED:
                han += _han(between)
                if han >= enough:
                    return None
        if name in _UNSEEN and not closes:
            unseen = name
        elif name == "a":
            in_link = not closes
        elif name == "title":
            in_title = not closes
    if unseen is None and not in_link and not in_title:
        text.append(source[position:])
    return _Words(html.unescape("".join(title)).strip(), _folded(html.unescape("".join(text))))


def _folded(text: str) -> str:
    return _BLANK.sub("", text).lower()


def _han(text: str) -> int:
    return sum(map(len, _HAN.findall(text)))


@cache
def _most_han() -> int:
    """From so many Han characters on, no sign counts."""
    return max(sign.most_han for sign in _signs())


@cache
def _signs() -> tuple[_Sign, ...]:
    return tuple(
        _Sign(Outcome(verdict), where, int(most_han), _folded(phrase) if where != "source" else phrase)
        for verdict, where, most_han, phrase, _reason in table("block-patterns")
    )
