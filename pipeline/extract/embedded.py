"""A body that no element shows: in a script, in JSON-LD, `noscript`, a shadow root, the `srcdoc` of a frame, and, on a
page that shows none, in an attribute or a comment.

Each is a candidate, weighed by the same weights as the elements of the page (weights.py). What the page shows
stays unless the candidate is plainly the article: its title is the page's, or it goes on where the shown text
stops, or nothing is shown that reads like an article. A list of texts in a state object is other articles.
The candidate that wins is put into the tree, and the page is read again as any page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.attributes import texts_beside
from pipeline.extract.body import Reading, read_body
from pipeline.extract.container import find_container
from pipeline.extract.declared import MAX_SCRIPTS, Declared
from pipeline.extract.declaredtitle import clean_title, letters
from pipeline.extract.elements import Elements
from pipeline.extract.heading import heading_of
from pipeline.extract.layout import BODY_MARK, Layout, read_layout
from pipeline.extract.marks import words_of
from pipeline.extract.plain import as_elements
from pipeline.extract.scripts import (
    PICTURE_TEXT,
    PUSHED,
    SHORTEST,
    Value,
    han_in,
    holds_base64,
    most_han,
    stream_of,
    streamed,
    values,
)
from pipeline.extract.title import COLUMN_NAME
from pipeline.extract.variants import either_script
from pipeline.extract.weights import Weights, weigh
from pipeline.parsing import tamed
from pipeline.rules import table

MOST = 12
"""Candidates weighed, those with the most Han."""

LONGEST = 300_000
"""Code points of a candidate; more is no article."""

MOST_TEXT = 400_000
"""Code points weighed in all, but for the first."""

WIDER = 2.0
"""Weight of a candidate, as a multiple of what is shown, from which it replaces a part of the same article or a text
that does not stand under the page's title."""

FAR_WIDER = 4.0
"""The same for a candidate of which nothing says that it is the article; as second_opinion in body.py."""

SHOWN = 100.0
"""Weight from which what is shown is an article, though a short one: two sentences of thirty characters."""

TITLED = 40.0
"""The same where it stands below a heading with the page's title: one sentence."""

SAME = 0.5
"""Share of the shown letters that a candidate repeats when it is the same article."""

CHINESE = 0.3
"""Share of Han in the text of a candidate; code has less."""

MORE_SCRIPTS = 600_000
"""Code points of scripts read besides the one with the most Han."""

MOST_INSIDE = 3_000_000
"""Code points of noscript, templates and frames read in all: one in another is written out with each around it."""

MOST_OPEN = 3_000
"""Elements left open in a candidate; Lexbor's time grows with the square of the depth."""

SHORTEST_TITLE = 4
"""Letters of a title that is compared."""

TAG = re.compile(
    r"<(?:p|br|div|section|span|h[1-6]|ul|ol|li|img|strong|blockquote|table|article|a)\b[^<>]{0,2000}>", re.I
)
ESCAPED_TAG = re.compile(r"&(?:amp;){0,2}lt;/?(?:p|br|div|section|span|h[1-6]|ul|li|img|strong|a)\b", re.I)
ESCAPED = 3
"""How often a text may have been escaped."""

PICTURES = re.compile(r"picture_page_info_list|\b(?:imageList|image_list|noteDetail)")
"""Of a page that is pictures and a few words (WeChat, notes); only there `msg_desc` is the text and no summary."""

PLACES = (
    ("noscript", "noscript"),
    ("template", "template"),
    ("script", "template"),
    ("textarea", "textarea"),
    ("iframe", "srcdoc"),
)
"""Elements that browsers with scripts show otherwise or not at all, and what `method` calls them."""
ASIDE = ("attribute", "comment")
"""Places where also what was taken out of a page stands: a sentence there is no article."""

_BODY_KEYS = "content contents text body html article desc detail markdown story msg value data"
BODY_KEYS = frozenset(_BODY_KEYS.split())
"""Words of the names of a body; a sentence of another name, of which nothing else says that it is one, is a label."""

STATES = ('{"', '[{"', '["')
"""How a state begins that an element holds as JSON."""

HOLDS = ("text/html", "text/plain", "text/markdown")
"""Types of a script that may hold a body, and those with "template" in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A text that may be the body, as HTML, and what stands beside it."""

    method: str
    """ld+json, script, noscript, template, textarea, srcdoc, attribute or comment."""
    html: str
    han: int
    facts: dict[str, str] = field(default_factory=dict)
    """As Declared.ld."""
    key: str = ""
    """The name it has in its script."""
    listed: bool = False
    """Whether it is one of several articles in a list."""
    place: LexborNode | None = None
    """The element it stands in; None for scripts."""


def find_embedded(
    elements: Elements,
    declared: Declared,
    weights: Weights,
    reading: Reading | None,
    heading: int | None,
) -> Candidate | None:
    """The candidate that is the article rather than what is shown (`reading`, titled by the line `heading`), or None.

    Takes time only on pages whose scripts and such hold more Han than the shown body has letters.
    """
    shown = "" if reading is None or only_shell(reading.text) else letters(reading.text)
    weight = sum(weights.line[i] for i in reading.kept) if reading and shown else 0.0
    best: tuple[float, Candidate] | None = None
    least = max(SHORTEST, len(shown) // 2)
    found = list(_candidates(elements, least, is_bare=not shown or not weight))
    found = sorted(found, key=lambda candidate: -candidate.han)[:MOST]
    left = MOST_TEXT
    for candidate in found:
        left -= len(candidate.html)
        if left < 0 and candidate is not found[0]:
            break
        if _left_open(candidate.html) > MOST_OPEN:
            continue
        worth, text, named = _weighed(candidate, declared)
        if worth <= weight or han_in(text) < CHINESE * len(letters(text)) or only_shell(text):
            continue
        if not _wins(candidate, named, worth, text, shown, weight, heading is not None):
            continue
        worth *= WIDER if named else 1.0
        if best is None or worth > best[0]:
            best = (worth, candidate)
    return best[1] if best else None


def reveal(tree: LexborHTMLParser, found: Candidate, declared: Declared) -> Declared:
    """Puts the candidate into the tree, marked as the body; returns what the page declares with the facts beside it.

    In the place of its element, or as the last of the page with the title that stood beside it above.
    """
    inside = _parsed(found.html)
    body = inside.body
    if body is None or tree.body is None:  # the parser makes one for every page
        return declared
    body.attrs[BODY_MARK] = "1"
    if found.place is not None:
        found.place.replace_with(body)
        return declared
    title = found.facts.get("headline", "")
    heading = LexborHTMLParser(f"<h1>{html.escape(title)}</h1>").body if title else None
    if heading is not None and heading.child is not None:
        tree.body.insert_child(heading.child)
    tree.body.insert_child(body)
    source = {"source": found.facts["publisher"]} if "publisher" in found.facts else {}
    return replace(declared, ld={**found.facts, **declared.ld}, meta={**source, **declared.meta})


def boxes_of(layout: Layout, weights: Weights, found: Candidate) -> list[int]:
    """The boxes that hold the revealed body: all of a script's text, of a page in a page the article's element."""
    if found.place is None or not layout.chosen:
        return layout.chosen
    box = layout.boxes[layout.chosen[0]]
    inside = [
        score if box.first <= each.first and each.last <= box.last else 0.0
        for each, score in zip(layout.boxes, weights.score, strict=True)
    ]
    return find_container(layout, replace(weights, score=inside)) or layout.chosen


def only_shell(text: str) -> bool:
    """Whether every line of a text is of the page's machinery: a wish for JavaScript, labels for screen readers; or it
    is a state as JSON, kept in an element that is not shown."""
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and lines[0].startswith(STATES):
        return True
    return all(
        any(len(line) <= longest and pattern.search(line) for longest, pattern in _shell()) for line in lines
    )


@cache
def _shell() -> list[tuple[int, re.Pattern[str]]]:
    rows = table("shell-lines")
    return [(int(longest), either_script(pattern, re.I)) for longest, pattern, _reason in rows]


def _wins(
    candidate: Candidate, named: bool | None, worth: float, text: str, shown: str, weight: float, titled: bool
) -> bool:
    """Whether a candidate is the article rather than what is shown.

    `named`: its title is the page's (True), another's (False), unknown (None).
    """
    if (candidate.listed and not named) or (candidate.method in ASIDE and worth < SHOWN):
        return False
    if not shown or not weight:
        is_told = worth >= SHOWN or not candidate.key or not BODY_KEYS.isdisjoint(words_of(candidate.key))
        return bool(named) or (named is None and is_told)
    if _repeats(shown, letters(text)) or named:
        return worth >= WIDER * weight
    is_article = weight >= SHOWN or (titled and weight >= TITLED)
    return named is None and not is_article and worth >= FAR_WIDER * weight


def _repeats(shown: str, text: str) -> bool:
    """Whether a text holds most of what is shown; compared in stretches of eight letters."""
    stretches = [shown[i : i + 8] for i in range(0, min(len(shown), 4000), 8)]
    return sum(each in text for each in stretches) >= SAME * len(stretches)


def _weighed(candidate: Candidate, declared: Declared) -> tuple[float, str, bool | None]:
    """(weight of the lines that would stay, their text, whether its title is the page's)."""
    layout = read_layout(_parsed(candidate.html))
    heading = heading_of(layout, declared)
    weights = weigh(layout, heading)
    boxes = [0] if candidate.place is None and layout.boxes else find_container(layout, weights)
    reading = read_body(layout, weights, boxes)
    named = _named(candidate.facts.get("headline", ""), declared)
    worth = sum(weights.line[i] or min(len(layout.lines[i].text), 8) for i in reading.kept)
    return worth, reading.text, True if heading is not None else named


def _named(title: str, declared: Declared) -> bool | None:
    """Whether a title is the page's; None where there is none to compare, or the page names only its site."""
    said = [declared.title, *(declared.meta.get(name, "") for name in ("og:title", "twitter:title"))]
    said = [letters(each) for each in said if letters(each)]
    bare = letters(title)
    if len(bare) >= SHORTEST_TITLE and any(bare in each or each in bare for each in said):
        return True
    own = letters(declared.title)
    site = letters(declared.meta.get("og:site_name", ""))
    is_site = len(own) <= COLUMN_NAME or (site and letters(clean_title(declared.title)) == site)
    return None if not bare or is_site else False


def _candidates(elements: Elements, least: int, *, is_bare: bool) -> Iterator[Candidate]:
    """Every text that may be a body, with at least so many Han characters.

    `is_bare`: the page shows no article, so that it is looked for in attributes, comments and Base64 too.
    """
    long = [(node.text() or "", node) for node in elements.by_tag["script"][:MAX_SCRIPTS]]
    pieces = [text for text, _ in long if PUSHED in text]
    if len(pieces) > 1:
        yield from _of_values(streamed(stream_of(pieces)), "script", least, is_pictures=False)
        long = [each for each in long if PUSHED not in each[0]]
    scripts = [
        (han_in(text), text, node)
        for text, node in long
        if most_han(text) >= least or (is_bare and holds_base64(text))
    ]
    scripts = sorted((each for each in scripts if each[0] >= least or is_bare), key=lambda each: -each[0])
    left = MORE_SCRIPTS
    for number, (_, text, node) in enumerate(scripts):
        left -= len(text) if number else 0
        if left < 0:
            break
        yield from _in_script(text, (node.attributes.get("type") or "").lower(), least)
    left = MOST_INSIDE
    for tag, method in PLACES:
        for node in filter(_may_hold, elements.by_tag[tag]):
            if left < 0:
                return
            if (state := _state_in(node)) and han_in(state) >= least:
                yield from (replace(each, method=method) for each in _in_script(state, "json", least))
                continue
            inside = _inside(node, method)
            left -= len(inside)
            inside = inside[:LONGEST]
            if (han := han_in(inside)) >= least:
                yield Candidate(method=method, html=inside, han=han, place=node)
    if is_bare:
        yield from _beside(elements.tree, least)


def _beside(tree: LexborHTMLParser, least: int) -> Iterator[Candidate]:
    """The candidates in attributes and comments: HTML, or a state; plain words say what an element is."""
    left = MORE_SCRIPTS
    for method, text in texts_beside(tree, least):
        left -= len(text)
        if left < 0:
            return
        if text.lstrip()[:1] in ("{", "["):
            yield from (replace(each, method=method) for each in _in_script(text, "json", least))
        elif method == "script":
            continue
        elif TAG.search(text) or ESCAPED_TAG.search(text):
            inside = _as_html(text[:LONGEST])
            yield Candidate(method=method, html=inside, han=han_in(inside))


def _may_hold(node: LexborNode) -> bool:
    """Whether one of the elements of PLACES may hold a body."""
    if node.tag == "template":
        return "shadowrootmode" in node.attributes or "shadowroot" in node.attributes
    if node.tag == "iframe":
        return "srcdoc" in node.attributes
    kind = (node.attributes.get("type") or "").lower() if node.tag == "script" else ""
    return node.tag != "script" or kind in HOLDS or "template" in kind


def _in_script(text: str, kind: str, least: int) -> Iterator[Candidate]:
    is_json = "json" in kind or text.lstrip()[:1] in ("{", "[")
    method = "ld+json" if "ld+json" in kind else "script"
    yield from _of_values(
        values(text, is_json=is_json), method, least, is_pictures=PICTURES.search(text) is not None
    )


def _of_values(found: list[Value], method: str, least: int, *, is_pictures: bool) -> Iterator[Candidate]:
    for value in found:
        if value.han < least or (value.key in PICTURE_TEXT and not is_pictures):
            continue
        yield Candidate(
            method=method,
            html=_as_html(value.text[:LONGEST]),
            han=value.han,
            facts=value.facts,
            key=value.key,
            listed=value.listed,
        )


def _left_open(text: str) -> int:
    """Tags without an end, less those that need none: how deep a text may nest."""
    text = text.lower()
    return (
        text.count("<") - 2 * text.count("</") - sum(text.count(tag) for tag in ("<br", "<img", "<p>", "<p "))
    )


def _state_in(node: LexborNode) -> str:
    """The JSON that an element holds instead of a text, escaped or not; else ""."""
    if node.tag not in ("textarea", "noscript"):
        return ""
    text = (node.text() or "").strip()
    if text.startswith(("{&quot;", "[{&quot;", "[&quot;")):
        text = html.unescape(text)
    return text if text.startswith(STATES) else ""


def _inside(node: LexborNode, method: str) -> str:
    if method == "srcdoc":
        return node.attributes.get("srcdoc") or ""
    if method == "textarea" or node.tag == "script":
        return _as_html(node.text() or "")
    outer = node.html or ""
    inner = outer[outer.find(">") + 1 : outer.rfind("<")]
    if ESCAPED_TAG.search(inner) and not TAG.search(inner):
        return _as_html(inner)
    return inner.replace("<template", "<div").replace("</template", "</div")  # a component in a component


def _as_html(text: str) -> str:
    """The value as HTML: as it is, escaped once and more, or plain text."""
    for _ in range(ESCAPED):
        if TAG.search(text) or not ESCAPED_TAG.search(text):
            break
        text = html.unescape(text)
    if TAG.search(text):  # a string may be written into a page as a string
        return text.removeprefix("&quot;").removesuffix("&quot;").removeprefix('"').removesuffix('"')
    return as_elements(html.unescape(text))


def _parsed(inside: str) -> LexborHTMLParser:
    return LexborHTMLParser(tamed(inside.replace("\x00", "")))
