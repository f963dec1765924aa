"""*Try a rule*: a selector, a phrase or a pattern on the last captures of a source, and what it would change.

Nothing is saved: what comes out is the line to put into the file. Extraction runs by its own functions, on a
declaration or with a table that has the rule in it; a phrase is words, not a pattern, so that nothing can backtrack.
An answer takes a fraction of a second: where that is over it says from which capture to go on, and the page does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import extract
from pipeline.archive import index
from pipeline.archive.reader import read_one
from pipeline.archive.withdrawn import standing_refs
from pipeline.corpus.identity import document_id
from pipeline.crawl.discover import links_of
from pipeline.crawl.scope import scope_of, unwanted
from pipeline.errors import UsageError
from pipeline.extract.boilerplate import BULLETS, Phrase, with_rule
from pipeline.extract.variants import in_either_script
from pipeline.folders import load_sources
from pipeline.look.asked import Asked
from pipeline.records import Capture, Kind, Outcome, Page, Selector, Source
from pipeline.sources import glob_fault, glob_form, selector_fault
from pipeline.tomlfile import written

TRIED = 50
"""Captures that a rule is tried on, the newest first."""

SECONDS = 0.2
"""Time after which an answer begins no further capture."""

LONGEST = 300
"""Code points of the longest rule that is tried."""

SHOWN = 40
"""Lines shown of what one page would lose, and of what it would gain."""

ANY_LENGTH = 100_000
"""Code points of the longest line that a phrase is looked for in."""

ROOM = 10
"""Code points that a line may be longer than the longest one the phrase was seen in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a rule would change on one page, or in one list."""

    url: str
    document: str
    """Id of the document made of the page; "" for a list."""
    title: str
    lost: tuple[str, ...]
    """Lines of the text, or addresses, that would go."""
    gained: tuple[str, ...]
    """The same that would come."""
    more: int = 0
    """Lines and addresses that are not shown."""
    told: str = ""
    """What else there is to say: another method, no article any more."""
    longest: int = 0
    """Code points of the longest line that begins with a phrase that was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of trying a rule."""

    source: Source
    kind: str
    """A word of RULES."""
    rule: str
    problem: str = ""
    """Why it could not be tried; "": it could."""
    tried: int = 0
    """Captures it was tried on, also by the answers before this one."""
    changed: int = 0
    """Those of them that it would change."""
    next: Mapping[str, int] | None = None
    """Filters with which the next answer goes on; None: it was tried on all."""
    changes: tuple[Change, ...] = ()
    """Those of this answer."""
    file: str = ""
    """The file that the line belongs into."""
    line: str = ""
    """What to put there."""
    most: int = TRIED

    @property
    def rules(self) -> Sequence[Triable]:
        """What can be tried."""
        return RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class Triable:
    """A kind of rule that can be tried."""

    word: str
    label: str
    example: str
    fault: Callable[[str], str | None]
    """Why what was written is no such rule."""
    on: frozenset[str]
    """Kinds of captures that it is tried on."""
    change: Callable[[Source, str, Capture], Change | None]
    """What it would change of one capture."""
    line: Callable[[Source, str, int], tuple[str, str]]
    """Source, rule, and the longest line of a phrase → (file, what to put there)."""


def read(asked: Asked) -> Trial:
    """The rule in the query string, tried on a source; without one nothing is tried. UsageError: no such source."""
    (source,) = load_sources(asked.folders.sources, [asked.path["name"]])
    rule = next((each for each in RULES if each.word == asked.text("kind")), RULES[0])
    said = asked.text("rule")
    if not said:
        return Trial(source=source, kind=rule.word, rule="")
    fault = f"is longer than {LONGEST} characters" if len(said) > LONGEST else rule.fault(said)
    if fault:
        return Trial(source=source, kind=rule.word, rule=said, problem=f"{said[:LONGEST]!r} {fault}")
    end = time.monotonic() + SECONDS
    changes: list[Change] = []
    tried, changed, longest = (_count(asked, name) for name in COUNTS)
    is_over = True
    for capture in _captures(asked.folders.raw, source.name, rule.on, tried):
        tried += 1
        if (change := rule.change(source, said, capture)) is not None:
            changes.append(change)
            longest = max(longest, change.longest)
        if time.monotonic() > end:
            is_over = tried >= TRIED
            break
    changed += len(changes)
    file, line = rule.line(source, said, longest)
    return Trial(
        source=source,
        kind=rule.word,
        rule=said,
        tried=tried,
        changed=changed,
        next=None if is_over else dict(zip(COUNTS, (tried, changed, longest), strict=True)),
        changes=tuple(changes),
        file=file,
        line=line,
    )


COUNTS = ("tried", "changed", "longest")
"""What an answer takes over from those before it, by filters."""


def _count(asked: Asked, name: str) -> int:
    said = asked.text(name)
    if said and not (said.isdecimal() and len(said) <= 6):
        raise UsageError(f"{name}={said}: a number goes on from an answer before; try the rule anew")
    return int(said or 0)


def _captures(raw: Path, name: str, kinds: frozenset[str], skip: int) -> Iterator[Capture]:
    """The newest TRIED captures of a source that brought something, the last one of each address; some are skipped."""
    if not raw.is_dir():
        return
    seen: set[str] = set()
    for day in sorted({day for days in index.days(raw).values() for day in days}, reverse=True):
        refs = standing_refs(raw, index.find(raw, day, day, sources=[name]))
        for ref in sorted(refs, key=lambda ref: ref.fetched_at, reverse=True):
            if len(seen) == TRIED:
                return
            if ref.outcome == Outcome.OK and ref.kind in kinds and ref.url_key not in seen:
                seen.add(ref.url_key)
                if len(seen) > skip:
                    yield read_one(raw, ref.place)


def _body(source: Source, css: str, capture: Capture) -> Change | None:
    return _reread(source, replace(source, body=(Selector(css=css),)), capture)


def _drop(source: Source, css: str, capture: Capture) -> Change | None:
    return _reread(source, replace(source, drop=(*source.drop, Selector(css=css))), capture)


def _reread(now: Source, then: Source, capture: Capture) -> Change | None:
    """What changes of a page that is read by another declaration."""
    return _differing(capture, _page(now, capture), _page(then, capture))


def _differing(capture: Capture, before: Page, after: Page) -> Change | None:
    """What is not the same on two readings of a page."""
    old, new = _lines(before), _lines(after)
    told = _said(before, after)
    if old == new and not told:
        return None
    title = next((article.title for article in (*before.articles, *after.articles) if article.title), "")
    return _change(
        capture, title, [x for x in old if x not in set(new)], [x for x in new if x not in set(old)], told
    )


def _page(source: Source, capture: Capture) -> Page:
    return extract.extract_page(
        capture.page[0],
        url=capture.final_url,
        content_type=capture.page[1],
        captured_at=capture.fetched_at,
        source=source,
    )


def _lines(page: Page) -> list[str]:
    return [line for article in page.articles for line in article.extracted.split("\n")]


def _said(before: Page, after: Page) -> str:
    """What changes of a page besides its lines."""
    old, new = (
        ", ".join(a.method for a in page.articles) or f"no article ({page.reason})"
        for page in (before, after)
    )
    missed = any(flag.name == "body_selector_missed" for article in after.articles for flag in article.flags)
    words = [f"{old} → {new}" if old != new else "", "the selector matches nothing here" if missed else ""]
    return "; ".join(filter(None, words))


def _phrase(place: str) -> Callable[[Source, str, Capture], Change | None]:
    """What goes where each line of a place that begins with the phrase does, as the table has it (boilerplate.py)."""

    def change(source: Source, phrase: str, capture: Capture) -> Change | None:
        rule = Phrase(
            name="tried", place=place, longest=ANY_LENGTH, written=in_either_script(re.escape(phrase))
        )
        before = _page(source, capture)
        with with_rule(rule):
            after = _page(source, capture)
        found = _differing(capture, before, after)
        if found is None:
            return None
        begun = (len(line) for line in _lines(before) if rule.pattern.match(BULLETS.sub("", line)))
        return replace(found, longest=max(begun, default=0))

    return change


def _include(source: Source, pattern: str, capture: Capture) -> Change | None:
    """Which addresses of a list would be wanted, and which no more; of a page whether it still is."""
    then = replace(source, include=(*source.include, glob_form(pattern)))
    if capture.kind == Kind.PAGE:
        is_lost = (
            unwanted(scope_of(source), capture.url) is None
            and unwanted(scope_of(then), capture.url) is not None
        )
        return _change(capture, "", [capture.url], []) if is_lost else None
    old, new = (
        [
            link.url
            for link in links_of(scope_of(each), capture.kind, capture.body, capture.final_url, said).links
        ]
        for each, said in ((source, capture.header("content-type")), (then, capture.header("content-type")))
    )
    lost, gained = [x for x in old if x not in set(new)], [x for x in new if x not in set(old)]
    return (
        _change(capture, f"{capture.kind} of {len(old)} addresses", lost, gained) if lost or gained else None
    )


def _change(
    capture: Capture, title: str, lost: Sequence[str], gained: Sequence[str], told: str = ""
) -> Change:
    return Change(
        url=capture.url,
        document=document_id(capture.url_key, 1) if capture.kind == Kind.PAGE else "",
        title=title,
        lost=tuple(lost[:SHOWN]),
        gained=tuple(gained[:SHOWN]),
        more=max(0, len(lost) - SHOWN) + max(0, len(gained) - SHOWN),
        told=told,
    )


def _written(selector: Selector) -> object:
    """A selector as the file has it."""
    days = {name: day for name in ("since", "until") if (day := getattr(selector, name)) is not None}
    return {"css": selector.css, **days} if days else selector.css


def _body_line(source: Source, css: str, _: int) -> tuple[str, str]:
    return f"sources/{source.name}.toml", f"body = {written(css)}"


def _drop_line(source: Source, css: str, _: int) -> tuple[str, str]:
    return f"sources/{source.name}.toml", f"drop = {written([*map(_written, source.drop), css])}"


def _include_line(source: Source, pattern: str, _: int) -> tuple[str, str]:
    return f"sources/{source.name}.toml", f"include = {written([*source.include, pattern])}"


def _phrase_line(place: str) -> Callable[[Source, str, int], tuple[str, str]]:
    """A line of the table: rule, place, longest line, pattern, reason."""

    def line(_: Source, phrase: str, longest: int) -> tuple[str, str]:
        pattern = re.sub(r"\\(?=[ ，。：])", "", re.escape(phrase))
        name = "related" if place == "cut" else "promotion"
        fields = [name, place, str((longest or len(phrase)) + ROOM), f"{pattern}.*$", "why it goes"]
        return "pipeline/rules/boilerplate.tsv", "\t".join(fields)

    return line


def _words_fault(phrase: str) -> str | None:
    return None if len(phrase) >= 2 else "is too short: a phrase has two characters or more"


PAGES = frozenset([Kind.PAGE])
LISTS = frozenset([Kind.FEED, Kind.SITEMAP, Kind.LISTING, Kind.PAGE])

RULES = (
    Triable(
        word="drop",
        label="drop: elements taken out before reading",
        example="div.promo",
        fault=selector_fault,
        on=PAGES,
        change=_drop,
        line=_drop_line,
    ),
    Triable(
        word="body",
        label="body: the element of the article, in place of those declared",
        example="div.article",
        fault=selector_fault,
        on=PAGES,
        change=_body,
        line=_body_line,
    ),
    *(
        Triable(
            word=word,
            label=label,
            example=example,
            fault=_words_fault,
            on=PAGES,
            change=_phrase(place),
            line=_phrase_line(place),
        )
        for word, place, label, example in (
            ("phrase", "any", "phrase: lines that begin so go, wherever they stand", "扫码关注"),
            ("head", "head", "phrase at the head: only before the first paragraph", "本报讯"),
            ("foot", "foot", "phrase at the foot: only among the closing lines", "责任编辑"),
            ("cut", "cut", "phrase to cut at: the line and all that is listed after it", "相关阅读"),
        )
    ),
    Triable(
        word="include",
        label="include: only addresses that a pattern fits",
        example="https://news.example.cn/20*",
        fault=glob_fault,
        on=LISTS,
        change=_include,
        line=_include_line,
    ),
)
"""What can be tried, in the order of the form."""
