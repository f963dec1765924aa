"""What a correction makes of a row, a fact or a cut a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pipeline.corpus.correcting import Corrector
from pipeline.corpus.identity import document_id, short_hash
from pipeline.corpus.texts import normalize_document
from pipeline.corrections import Correction, Cut, Line, Split
from pipeline.records import Document, Flag, Outcome, Reason, Span
from tests.corpus.archives import PLAIN
from tests.corpus.rows import row

ONE, TWO, THREE, FOUR = (line + "。" * (not line.endswith("。")) for line in PLAIN[0].body[:4])
BODY = "\n".join((ONE, TWO, THREE, FOUR))
"""Four paragraphs as on a page."""


def extracted(number: int, body: str = BODY, **changes: Any) -> Document:
    """A row of a shard: extracted and normalized."""
    url = f"https://example.cn/a/{number}.html"
    bare = row(number, text="", extracted=body, extracted_hash=short_hash(body), url_key=url)
    return normalize_document(replace(bare, text_hash="", **changes))


A = extracted(1, author="王芳", published_on=date(2026, 9, 1), flags=(Flag(name="readers_disagree"),))


def said(of: Document = A, **says: Any) -> Correction:
    return Correction(
        **{"id": of.id, "file": "c.toml", "line": 3, "why": "x", "text": of.extracted_hash, **says}
    )


def corrected(*says: Correction, rows: tuple[Document, ...] = (A,)) -> tuple[list[Document], list[str]]:
    by_id: dict[str, list[Correction]] = {}
    for each in says:
        by_id.setdefault(each.id, []).append(each)
    corrector = Corrector(by_id, lambda _: None)
    return corrector.correct(rows), corrector.notes


FACTS: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "title": ({"title": "改"}, {"title": "改", "title_from": "correction"}, "第1篇"),
    "no title": ({"title": ""}, {"title": None}, "第1篇"),
    "author": ({"author": "李明"}, {"author": "李明", "author_from": "correction"}, "王芳"),
    "no author": ({"author": ""}, {"author": None}, "王芳"),
    "day": (
        {"published_on": date(2026, 1, 2)},
        {"published_on": date(2026, 1, 2), "published_from": "correction"},
        "2026-09-01",
    ),
    "no day": ({"published_on": ""}, {"published_on": None}, "2026-09-01"),
    "source": ({"origin_name": "晨报"}, {"origin_name": "晨报", "origin_from": "correction"}, None),
}


@pytest.mark.parametrize(("says", "becomes", "was"), FACTS.values(), ids=FACTS)
def test_fact(says: dict[str, Any], becomes: dict[str, Any], was: str | None) -> None:
    ((found,), notes) = corrected(said(**says))
    assert notes == []
    assert {name: getattr(found, name) for name in becomes} == becomes
    (column,) = says
    assert [(each.column, each.was) for each in found.corrected] == [(column, was)]
    assert (found.text, found.title_raw, found.quality) == (A.text, A.title_raw, A.quality)


@pytest.mark.parametrize("column", ["title", "author", "published_on"])
def test_what_stands_already_is_not_corrected(column: str) -> None:
    assert corrected(said(**{column: getattr(A, column)})) == ([A], [])


BODIES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "a paragraph by its beginning": ({"drop": (Cut(first=TWO[:8]),)}, (ONE, THREE, FOUR)),
    "a whole paragraph": ({"drop": (Cut(first=FOUR),)}, (ONE, TWO, THREE)),
    "a block": ({"drop": (Cut(first=TWO[:8], last=THREE[:8]),)}, (ONE, FOUR)),
    "two": ({"drop": (Cut(first=ONE[:8]), Cut(first=FOUR[:8]))}, (TWO, THREE)),
    "words": ({"drop": (Cut(first=TWO[3:9], words=True),)}, (ONE, TWO[:3] + TWO[9:], THREE, FOUR)),
    "a line brought back": (
        {"restore": (Line(line="导语。", after=ONE[:8]),)},
        (ONE, "导语。", TWO, THREE, FOUR),
    ),
    "as the first": ({"restore": (Line(line="导语。", after=""),)}, ("导语。", ONE, TWO, THREE, FOUR)),
    "as the last": ({"restore": (Line(line="（完）"),)}, (ONE, TWO, THREE, FOUR, "（完）")),
    "put elsewhere": (
        {"drop": (Cut(first=FOUR),), "restore": (Line(line=FOUR, after=""),)},
        (FOUR, ONE, TWO, THREE),
    ),
}


@pytest.mark.parametrize(("says", "lines"), BODIES.values(), ids=BODIES)
def test_body(says: dict[str, Any], lines: tuple[str, ...]) -> None:
    ((found,), notes) = corrected(said(**says))
    assert notes == []
    other = extracted(1, "\n".join(lines), author="王芳", published_on=date(2026, 9, 1), flags=A.flags)
    assert replace(found, corrected=()) == other, "as if the page had been extracted so"
    assert [(each.column, each.was) for each in found.corrected] == [("extracted", A.extracted_hash)]


def test_a_line_that_is_repeated_goes_wherever_it_is() -> None:
    twice = extracted(1, "\n".join((ONE, "点击关注", TWO, "点击关注")))
    ((found,), notes) = corrected(said(twice, drop=(Cut(first="点击关注"),)), rows=(twice,))
    assert (found.extracted, notes) == (f"{ONE}\n{TWO}", [])


UNDONE = {
    "what is not there": {"drop": (Cut(first="没有这一段"),)},
    "what begins two lines": {"drop": (Cut(first=""),)},
    "a block upside down": {"drop": (Cut(first=THREE[:8], last=TWO[:8]),)},
    "words in two places": {"drop": (Cut(first="。", words=True),)},
    "a line that is there": {"restore": (Line(line=TWO),)},
    "a line after none": {"restore": (Line(line="新", after="没有这一段"),)},
    "another article from the first line on": {"split": (Split(at=ONE[:8]),)},
    "another article that is not there": {"split": (Split(at="没有这一段"),)},
    "the end of nothing": {"join": True},
}


@pytest.mark.parametrize("says", UNDONE.values(), ids=UNDONE)
def test_what_cannot_be_done_is_told_and_the_rest_is(says: dict[str, Any]) -> None:
    ((found,), notes) = corrected(said(title="改", **says))
    assert (found.title, found.extracted) == ("改", A.extracted)
    (note,) = notes
    assert note.startswith(f"c.toml:3: {next(iter(says)) if 'join' not in says else 'there is no article'}")
    assert note.endswith(f"({A.id})")


def test_structure_moves_with_the_body() -> None:
    spans = (Span(kind="quote", level=1, start=len(ONE) + 1, end=len(ONE) + 1 + len(TWO)),)
    quoting = extracted(1, structure_raw=spans)
    ((found,), _) = corrected(said(quoting, drop=(Cut(first=ONE),)), rows=(quoting,))
    (span,) = found.structure_raw
    assert found.extracted[span.start : span.end] == TWO
    (span,) = found.structure
    assert found.text[span.start : span.end] == found.text.split("\n")[0]


def test_a_body_cut_too_short_is_judged_so_and_one_mended_is_published() -> None:
    ((found,), _) = corrected(said(drop=(Cut(first=ONE, last=THREE), Cut(first=FOUR[5:], words=True))))
    assert found.reason == "too_short"
    poor = extracted(2, "短。")
    assert poor.reason == "too_short"
    ((found,), _) = corrected(said(poor, restore=tuple(Line(line=x) for x in (ONE, TWO))), rows=(poor,))
    assert found.reason is None


def test_not_an_article() -> None:
    ((found,), _) = corrected(said(not_an_article=True))
    assert (found.reason, found.text) == (Reason.NOT_AN_ARTICLE, A.text)
    assert [(each.column, each.was) for each in found.corrected] == [("reason", None)]


def test_split_gives_each_article_a_document_of_its_own() -> None:
    two = replace(A, id=document_id(A.url_key, 2), part=2)
    says = said(split=(Split(at=TWO[:8], title="二"), Split(at=FOUR[:8])))
    (first, second, third, other), notes = corrected(says, rows=(A, two))
    assert notes == []
    assert [d.extracted for d in (first, second, third)] == [ONE, f"{TWO}\n{THREE}", FOUR]
    assert [d.part for d in (first, second, third)] == [1, 3, 4], (
        "the parts that there are keep their numbers"
    )
    assert (second.id, second.title, second.author) == (document_id(A.url_key, 3), "二", None)
    assert (second.published_on, second.method, third.title) == (A.published_on, "correction", None)
    assert other == two


def test_join_puts_the_end_of_an_article_back() -> None:
    body = "\n".join((ONE, TWO))
    rest = "\n".join((THREE, FOUR))
    first = extracted(1, body)
    second = replace(extracted(1, rest), part=2, id=document_id(first.url_key, 2))
    (whole, part), notes = corrected(said(second, join=True), rows=(first, second))
    assert notes == []
    assert (whole.extracted, whole.text) == (BODY, A.text)
    assert [each.column for each in whole.corrected] == ["extracted"]
    assert (part.reason, part.related_to) == (Reason.PART_OF, (first.id,))


@pytest.mark.parametrize("reason", [Outcome.TIMEOUT, Outcome.UNCHANGED, Reason.QUARANTINED, Reason.PART_OF])
def test_rows_without_an_article_stay_as_they_are(reason: str) -> None:
    gone = replace(A, reason=reason)
    assert corrected(said(title="改"), rows=(gone,)) == ([gone], [])


def test_a_row_that_came_corrected_is_not_corrected_twice() -> None:
    ((once,), _) = corrected(said(title="改", drop=(Cut(first=TWO),)))
    assert corrected(said(title="改", drop=(Cut(first=TWO),)), rows=(once,)) == ([once], [])


def test_every_text_of_a_document_has_its_own_correction() -> None:
    later = replace(extracted(1, f"{BODY}\n（完）"), capture="urn:uuid:later")
    (one, two), _ = corrected(said(title="一"), said(later, title="二"), rows=(A, later))
    assert (one.title, two.title) == ("一", "二")
