"""One page, several articles; one article, several pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate, pairwise, takewhile
from typing import Any

from pipeline.extract.body import Reading, judged
from pipeline.extract.byline import author_in, source_in
from pipeline.extract.clock import FOOT
from pipeline.extract.days import part_days
from pipeline.extract.frames import NO_TITLE, SENTENCE_END, frames, may_be_title, names_day
from pipeline.extract.images import CAPTIONS
from pipeline.extract.layout import Layout, Line
from pipeline.extract.printed import with_gaps
from pipeline.extract.structure import write_text
from pipeline.extract.weights import Weights
from pipeline.nextpart import MAX_PARTS
from pipeline.records import AccessState, Article, Page, Span
from pipeline.rights.facts import ordered
from pipeline.rules.han import IDEOGRAPHS
from pipeline.spans import moved_by

SHORTEST = 200
"""Code points each of two glued articles must have; less is a section of one article."""

KEYWORDS_LONGEST = 120
"""Code points of the longest line of search keywords."""

KEYWORD_LONGEST = 16
"""Code points of the longest phrase in it."""

QUOTED = frozenset({"li", "dd", "dt", "blockquote", "figcaption", "caption"})
"""Elements whose lines are parts of an article."""

BYLINE = re.compile(r"(?:作者|撰文|文)\s?[:：/|｜／丨]\s?\S[^，。！？；,!?;]{0,29}")
"""A whole line that names who wrote what follows; linear: no two open repeats meet."""

PUBLISHED = (
    "published_on",
    "published_raw",
    "published_from",
    "published_at",
    "published_at_from",
    "published_confidence",
)
"""What is said of an article's publication."""

HEADER = 3
"""Lines of the longest header below a title."""

HAN_PAIR = re.compile(f"[{IDEOGRAPHS}]{{2}}")
PARAGRAPH = 40
"""Code points of a paragraph that opens an article."""

ALONE = frozenset(["byline", "day"])
"""Evidence that counts where it stands once: several are a digest, or a list of books."""

ARTICLE = 150
"""Characters in lines with a sentence end that make a stretch of text an article and not a remark."""


def split_articles(
    first: Article,
    layout: Layout,
    weights: Weights,
    reading: Reading,
    url: str = "",
    captured_at: datetime | None = None,
) -> tuple[Article, ...]:
    """The articles glued together in one body, in page order; usually the one.

    A new article begins at a repeated page frame (frames.py), or at a title line between two stretches of prose
    that has below it a line of search keywords of itself (copy sites glue articles so), or the one labelled byline
    of the page, or the one line of a day and a labelled author or source, or that has the very markup of the page's
    title and a day below. Title and the line below it belong to neither body. The second article has no facts but
    its title and what the lines below this tell: days, author, source; a day in the last line of the body is the
    last article's. Of 192 pages of other sites none was glued, so what doubts the second article wins.
    """
    whole = replace(
        first,
        extracted=reading.text,
        structure=reading.structure,
        captions=reading.captions,
        method=reading.method,
    )
    heads = _heads(layout, weights, reading, first)
    if len(heads) < 2:
        return (whole,)
    articles: list[Article] = []
    lines = [line.text for line in layout.lines[-FOOT:]]
    for number, ((title, start), (stop, _)) in enumerate(pairwise([*heads, (len(layout.lines), 0)])):
        part = [i for i in reading.kept if start <= i < stop]
        # the rules of head and foot could not fire in the middle of the page
        removed = judged(layout, weights, part)
        kept = tuple(i for i in part if i not in removed)
        said = layout.lines[title].text
        facts = first if not number else Article(part=number + 1, title=said, site_name=first.site_name)
        written = write_text(layout, kept, dict(reading.rules), reading.boxes)
        article = replace(
            facts,
            extracted=written.text,
            structure=written.structure,
            captions=_captions(layout, reading, kept),
            method=reading.method,
        )
        if number:
            head = [with_gaps(line) for line in layout.lines[title + 1 : start]]
            article = _named(part_days(article, head, lines, url, captured_at), head)
        articles.append(article)
    if any(len(article.extracted) < SHORTEST for article in articles):
        return (whole,)
    return (*_closed(articles),)


def _named(article: Article, head: Sequence[str]) -> Article:
    """The article with who wrote it and where it is from, as the labels of its own header say."""
    author = next(filter(None, map(author_in, head)), None)
    origin = next(filter(None, map(source_in, head)), None)
    return replace(
        article,
        author=author,
        author_from="label" if author else None,
        origin_name=origin,
        origin_from="label" if origin else None,
    )


def _closed(articles: Sequence[Article]) -> Iterator[Article]:
    """The articles with the day of a closing line taken from the first: it stands below the last."""
    first, *others = articles
    if first.published_from != "closing":
        yield from articles
        return
    nothing: dict[str, Any] = dict.fromkeys(PUBLISHED)
    told: dict[str, Any] = {name: getattr(first, name) for name in PUBLISHED}
    yield replace(first, **nothing)
    yield from others[:-1]
    yield others[-1] if others[-1].published_from else replace(others[-1], **told)


def _heads(layout: Layout, weights: Weights, reading: Reading, first: Article) -> list[tuple[int, int]]:
    """(title line, where the body begins) of each article; the first has its title elsewhere, or in its frame."""
    if not reading.kept:
        return []
    framed = [i for i in frames(layout, weights.plain) if i < reading.kept[-1]]
    if framed and not any(weights.plain[i] for i in reading.kept if i < framed[0]):
        return [(i, i + 2) for i in framed]
    lengths = (
        len(text) * bool(SENTENCE_END.search(text)) for text in (layout.lines[i].text for i in reading.kept)
    )
    prose = [0, *accumulate(lengths)]
    between = (
        at
        for at in range(1, len(reading.kept) - 1)
        if prose[at] >= ARTICLE and prose[-1] - prose[at + 2] >= ARTICLE
    )
    found = {at: _evidence(layout, reading, at, first) for at in between}
    bylines = sum(why in ALONE for why in found.values())
    starts = [at for at, why in found.items() if why and (why not in ALONE or bylines == 1)]
    return [
        (0, 0),
        *((reading.kept[at], reading.kept[at + 1 + _header(layout, reading, at)]) for at in starts),
    ]


def _header(layout: Layout, reading: Reading, position: int) -> int:
    """How many kept lines below a title line are its header: search keywords, or lines of who and when."""
    below = [layout.lines[i].text for i in reading.kept[position + 1 : position + 1 + HEADER]]
    more = takewhile(lambda text: BYLINE.fullmatch(text) or names_day(text) or source_in(text), below[1:])
    return 1 + sum(1 for _ in more)


def _evidence(layout: Layout, reading: Reading, position: int, article: Article) -> str | None:
    """keywords, byline, day or frame: why the kept line at a position is the title of another article; or None."""
    line = layout.lines[reading.kept[position]]
    below = layout.lines[reading.kept[position + 1]].text
    above = layout.lines[reading.kept[position - 1]].text
    if not may_be_title(line):
        return None
    if (
        above[-1] in ":："
        or line.preformatted
        or QUOTED & {layout.boxes[at].tag for at in layout.up(line.box, 3)}
    ):
        return None
    if _keywords_of(line.text, below):
        return "keywords"
    first = position + 1 + _header(layout, reading, position)
    header = [layout.lines[i].text for i in reading.kept[position + 1 : first]]
    if first < len(reading.kept) and _opens(layout, reading.kept[first]):
        if any(map(BYLINE.fullmatch, header)):
            return "byline"
        if _is_header("　".join(header)):
            return "day"
    return "frame" if _same_markup(layout, reading, line, below, article) else None


def _is_header(text: str) -> bool:
    """Whether a line has a day and, behind a label, who wrote it or where it is from."""
    return names_day(text) and bool(source_in(text) or author_in(text))


def _opens(layout: Layout, index: int) -> bool:
    """Whether a paragraph follows: in a list of books it is the publisher, in a quoted poem a verse."""
    text = layout.lines[index].text
    return len(text) >= PARAGRAPH and SENTENCE_END.search(text) is not None


def _same_markup(layout: Layout, reading: Reading, line: Line, below: str, article: Article) -> bool:
    """Whether a heading has the markup of the page's title, by name, and a day below it."""
    box = layout.boxes[line.box]
    if box.tag not in ("h1", "h2") or not box.names or not names_day(below):
        return False
    shown = (other for other in layout.lines[: reading.kept[0]] if other.text == article.title)
    return any((layout.boxes[o.box].tag, layout.boxes[o.box].names) == (box.tag, box.names) for o in shown)


def _keywords_of(title: str, line: str) -> bool:
    """Whether a line is a list of search phrases about one word of a title: 商汤 npi,商汤 a+h,图文识别商汤科技官网."""
    if len(line) > KEYWORDS_LONGEST or SENTENCE_END.search(line) or NO_TITLE.match(line):
        return False
    phrases = [p for p in re.split(r"[,，、;；|]", line) if p.strip()]
    if len(phrases) < 3 or any(len(p) > KEYWORD_LONGEST for p in phrases):
        return False
    pairs = {title[i : i + 2] for i in range(len(title) - 1) if HAN_PAIR.fullmatch(title[i : i + 2])}
    most = max((sum(pair in phrase for phrase in phrases) for pair in pairs), default=0)
    return most >= 3 and most * 2 > len(phrases)


def _captions(layout: Layout, reading: Reading, kept: Sequence[int]) -> tuple[str, ...]:
    """The captions that stand among the lines of one part."""
    if not kept:
        return ()
    inside = [i for i, rule in reading.rules if rule in CAPTIONS and kept[0] - 2 <= i <= kept[-1] + 2]
    return tuple(layout.lines[i].text for i in inside)


def join_parts(pages: Sequence[Page]) -> Page:
    """Parts of one article as one page: the first part's facts, the texts in order.

    A part whose body was seen before stops the joining (many sites serve the last part again), and
    at most MAX_PARTS are joined. A part that repeats all lines joined so far is the whole article
    (a view-all page) and replaces them. Parts without an article are left out.
    """
    usable = [page for page in pages[:MAX_PARTS] if page.articles]
    if not usable:
        return pages[0] if pages else Page(encoding="", encoding_from="", replacements=0, reason="empty")
    first = usable[0]
    text, structure = "", tuple[Span, ...]()
    captions: list[str] = []
    seen: set[str] = set()
    for page in usable:
        article = page.articles[0]
        if article.extracted in seen:
            break
        seen.add(article.extracted)
        if not text or set(text.split("\n")) <= set(article.extracted.split("\n")):
            text, structure = article.extracted, article.structure
        else:
            text += "\n"
            structure += moved_by(len(text), article.structure)
            text += article.extracted
        captions.extend(c for c in article.captions if c not in captions)
    whole = replace(first.articles[0], extracted=text, structure=structure, captions=tuple(captions))
    replacements = sum(page.replacements for page in usable)
    rights = ordered(right for page in usable for right in page.rights)
    said = [page.access for page in usable if page.access is not None]
    access = next((each for each in said if each.state != AccessState.WHOLE), said[0] if said else None)
    whole_page = replace(first, articles=(whole, *first.articles[1:]), rights=rights, access=access)
    return replace(whole_page, replacements=replacements, next_url=None)
