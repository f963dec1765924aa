"""A page and what was made of it, side by side: which of its lines were kept or cut, by which rule, and which
paragraph of the published text stands where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipeline import extract
from pipeline.archive import index
from pipeline.archive.reader import original, read_one
from pipeline.errors import UsageError
from pipeline.extract.declaredtitle import letters
from pipeline.look.replay import Mark, Rewritten, rewritten
from pipeline.records import Capture, Document, Source
from pipeline.spans import line_numbers

SEARCHED = 400
"""Kept lines looked through for the one in which a paragraph stands."""

DROP = "drop"
"""The rule of what a selector of the source takes out before extraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of the page as extraction tells of it."""

    kept: bool
    rule: str
    """What decided it: a rule's name; of a kept line the method, or the rule by which it stayed."""
    text: str
    line: int | None
    """Its number in the page as it is shown; None: it is not shown there (a body out of a script)."""
    day: date
    """Under which the capture of its page stands in the archive (UTC)."""
    capture: str
    """Id of that capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alongside:
    """A page, written anew, and the account of its lines."""

    page: Rewritten
    told: tuple[Told, ...]

    @property
    def marks(self) -> dict[int, Mark]:
        """How each line of the page is shown."""
        found = {line: Mark(kind="cut", rule=f"{DROP} {css}") for line, css in self.page.dropped.items()}
        return found | {each.line: _mark(each) for each in self.told if each.line is not None}

    @property
    def differ(self) -> tuple[Told, ...]:
        """The lines on which the two readers of the body differ, each with the rule that decided it."""
        return tuple(each for each in self.told if each.rule in extract.DECIDED)

    @property
    def cut(self) -> tuple[Told, ...]:
        """The lines that rules took out of the body, or that are of other posts."""
        return tuple(each for each in self.told if not each.kept and each.rule != "outside")


def _mark(told: Told) -> Mark:
    if told.kept:
        return Mark(kind="kept", rule=told.rule if told.rule in extract.DECIDED else "")
    return Mark(kind="outside") if told.rule == "outside" else Mark(kind="cut", rule=told.rule)


def capture_at(raw: Path, ident: str, day: date) -> Capture:
    """The capture of an id, fetched on a day (UTC); a revisit with the body that it repeats.

    UsageError where the archive does not have it (any more).
    """
    ref = index.find_one(raw, ident, day) if raw.is_dir() else None
    if ref is None:
        raise UsageError(
            f"{ident}: no capture of that name was made on {day}, or it is not in {raw} any more"
        )
    capture = read_one(raw, ref.place)
    earlier = original(raw, capture)
    if earlier is None:
        return capture
    return replace(capture, body=earlier.body, rendered=earlier.rendered, headers=earlier.headers)


def alongside(capture: Capture, source: Source | None) -> Alongside:
    """The page of a capture with the account that extraction, by the present rules, gives of its lines."""
    day, (body, content_type) = capture.fetched_at.date(), capture.page
    html = extract.as_parsed(body, content_type=content_type, source=source)
    page = rewritten(html, extract.in_force(source.drop if source else (), day))
    report = extract.line_report(
        body,
        url=capture.final_url,
        content_type=content_type,
        captured_at=capture.fetched_at,
        source=source,
    )
    shown = [number for number in range(len(page.lines)) if number not in page.dropped]
    place = line_numbers([text for _, _, text in report], [page.lines[number] for number in shown])
    told = tuple(
        Told(
            kept=kept,
            rule=rule,
            text=text,
            line=shown[at] if at is not None and at < len(shown) else None,
            day=day,
            capture=capture.id,
        )
        for (kept, rule, text), at in zip(report, place, strict=True)
    )
    return Alongside(page=page, told=told)


def lines_of(document: Document, told: Sequence[Told]) -> list[Told | None]:
    """Of each line of `text` the line of a page that it (or its first cell) was made of; None: it stands on none.

    `told` are the lines of its page, behind them those of the article's further pages.
    """
    on_page = _on_page(document.extracted.split("\n"), [each for each in told if each.kept])
    place = line_numbers(document.text.split("\n"), document.extracted.split("\n"))
    return [on_page[at] if at is not None else None for at in place]


def _on_page(paragraphs: Sequence[str], kept: Sequence[Told]) -> list[Told | None]:
    """Of each paragraph as extracted the line of the page: of a row its first cell; None where it is not found.

    Both stand in the same order; each is looked for a little way ahead.
    """
    said = [letters(each.text) for each in kept]
    found: list[Told | None] = []
    at = 0
    for paragraph in paragraphs:
        wanted = letters(paragraph)
        ahead = range(at, min(at + SEARCHED, len(kept)))
        here = next((n for n in ahead if wanted and said[n] and _is_part(said[n], wanted)), None)
        found.append(None if here is None or kept[here].line is None else kept[here])
        at = at if here is None else here + 1
    return found


def _is_part(line: str, paragraph: str) -> bool:
    """Whether a line begins a paragraph (a row of cells), or a paragraph is what was left of a line."""
    return paragraph.startswith(line) or paragraph in line
