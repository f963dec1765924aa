from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus.assemble import Assembled, assemble, item_of
from pipeline.corpus.edition import Edition
from pipeline.corpus.identity import PARTS_LOOKED_UP, document_id
from pipeline.corpus.schema import from_table, read_parquet
from pipeline.dedupe.index import DedupeIndex
from pipeline.records import Corrected, Document, Flag, Outcome, Reason, Span
from tests.corpus.articles import article
from tests.corpus.rows import row

LATER = timedelta(days=1)


class Corpus:
    """An edition and an index that batches are put into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.edition = Edition(folder, None)
        self.index = DedupeIndex.open(None)

    def take(self, *documents: Document) -> Assembled:
        return assemble(documents, self.edition, self.index)

    def rows(self, table: str) -> list[Document]:
        return list(from_table(read_parquet(sorted((self.folder / table).glob("*.parquet")))))

    def published(self) -> dict[int, Document]:
        """Number of the text's part → the published row."""
        return {d.part: d for d in self.rows("articles")}

    def dropped(self) -> list[tuple[int, str | None, str]]:
        return sorted((d.part, d.reason, d.capture) for d in self.rows("dropped"))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "edition")


def page(day: int, *texts: int, **changes: Any) -> list[Document]:
    """The rows of one capture of one page, `texts` being the articles on it by number."""
    first = row(0)
    moment = first.captured_at + day * LATER
    return [
        row(
            0,
            id=document_id(first.url_key, part),
            part=part,
            capture=f"urn:uuid:day-{day}",
            captured_at=moment,
            first_seen=moment,
            text=article(text),
            **changes,
        )
        for part, text in enumerate(texts, 1)
    ]


def test_an_article_that_its_page_no_longer_has_is_history(corpus: Corpus) -> None:
    assert corpus.take(*page(0, 1, 2, 3)).loud
    assert sorted(corpus.published()) == [1, 2, 3]
    assert corpus.take(*page(1, 1, 2)).loud
    assert sorted(corpus.published()) == [1, 2]
    assert corpus.dropped() == [
        (1, Outcome.UNCHANGED, "urn:uuid:day-1"),
        (2, Outcome.UNCHANGED, "urn:uuid:day-1"),
        (3, Reason.SUPERSEDED, "urn:uuid:day-0"),
    ]
    (gone,) = [d for d in corpus.rows("dropped") if d.part == 3]
    assert gone.text == article(3)
    assert gone.related_to == (gone.id,)
    assert (gone.cluster, gone.relation, gone.rule, gone.score, gone.form_id) == (None,) * 5


def test_what_vanished_is_nobodys_original_any_more(corpus: Corpus) -> None:
    corpus.take(*page(0, 1, 2))
    corpus.take(*page(1, 1))
    copy = row(7, text=article(2))
    corpus.take(replace(copy, captured_at=copy.captured_at + 2 * LATER))
    (kept,) = [d for d in corpus.rows("articles") if d.text == article(2)]
    assert (kept.id, kept.relation) == (copy.id, "new")


def test_a_copy_takes_the_place_of_what_vanished(corpus: Corpus) -> None:
    corpus.take(*page(0, 1, 2))
    copy = row(7, text=article(2))
    corpus.take(replace(copy, captured_at=copy.captured_at + LATER / 2))
    assert [d.text for d in corpus.rows("articles")].count(article(2)) == 1
    corpus.take(*page(1, 1))
    (kept,) = [d for d in corpus.rows("articles") if d.text == article(2)]
    assert (kept.id, kept.reason) == (copy.id, None)


def test_an_article_that_comes_back_is_published_again(corpus: Corpus) -> None:
    for day, texts in enumerate([(1, 2), (1,), (1, 2)]):
        corpus.take(*page(day, *texts))
    assert sorted(corpus.published()) == [1, 2]
    assert corpus.published()[2].capture == "urn:uuid:day-2"
    assert (2, Reason.SUPERSEDED, "urn:uuid:day-0") in corpus.dropped()


def test_what_came_and_vanished_in_one_batch_is_history_too(corpus: Corpus) -> None:
    corpus.take(*page(0, 1, 2), *page(1, 3))
    assert {n: d.text for n, d in corpus.published().items()} == {1: article(3)}
    assert corpus.dropped() == [
        (1, Reason.SUPERSEDED, "urn:uuid:day-0"),
        (2, Reason.SUPERSEDED, "urn:uuid:day-0"),
    ]


def test_an_older_capture_that_arrives_late_takes_nothing_away(corpus: Corpus) -> None:
    corpus.take(*page(1, 1, 2))
    corpus.take(*page(0, 3))
    assert {n: d.text for n, d in corpus.published().items()} == {1: article(1), 2: article(2)}
    assert corpus.published()[1].first_seen == page(0, 3)[0].captured_at, "but the document was seen earlier"


def test_a_capture_without_an_article_takes_nothing_away(corpus: Corpus) -> None:
    corpus.take(*page(0, 1, 2))
    (failed,) = page(1, 1, reason=Outcome.TIMEOUT)
    assert not corpus.take(failed).loud
    assert sorted(corpus.published()) == [1, 2]


@pytest.mark.parametrize("fit", [(1, 3), (1,), (3,)])
def test_an_article_that_is_there_but_not_fit_any_more_has_not_vanished(
    corpus: Corpus, fit: tuple[int, ...]
) -> None:
    corpus.take(*page(0, 1, 2, 3))
    later = page(1, 1, 2, 3)
    corpus.take(*(d if d.part in fit else replace(d, reason="too_short") for d in later))
    assert sorted(corpus.published()) == [1, 2, 3]


def test_the_last_part_that_can_vanish_does_and_the_first_never(corpus: Corpus) -> None:
    every = range(1, PARTS_LOOKED_UP + 1)
    corpus.take(*page(0, *every))
    corpus.take(*page(1, 50))
    assert sorted(corpus.published()) == [1]
    assert len(corpus.rows("dropped")) == len(every)


def test_a_capture_that_says_the_same_is_unchanged_and_tells_when_it_was_first_seen(corpus: Corpus) -> None:
    (seen,) = page(2, 1)
    corpus.take(seen)
    assert not corpus.take(*page(3, 1)).loud
    assert corpus.published()[1].first_seen == seen.first_seen
    corpus.take(*page(1, 1))
    assert corpus.published()[1].first_seen == page(1, 1)[0].captured_at
    assert corpus.published()[1].capture == "urn:uuid:day-1", "as if it had come in its time"
    assert [reason for _, reason, _ in corpus.dropped()] == [Outcome.UNCHANGED] * 2


NEWER: dict[str, dict[str, Any]] = {
    "its text": {"extracted_hash": "other"},
    "its title": {"title_raw": "改过的标题"},
    "its day": {"published_raw": "2026-11-02"},
    "its author": {"author": "王芳"},
    "its origin": {"origin_name": "晨报"},
}


@pytest.mark.parametrize("changed", NEWER.values(), ids=NEWER.keys())
def test_a_capture_that_says_something_else_is_a_revision(corpus: Corpus, changed: dict[str, Any]) -> None:
    (seen,) = page(0, 1)
    corpus.take(seen)
    assert corpus.take(*page(1, 1, **changed)).loud
    stands = corpus.published()[1]
    assert (stands.capture, stands.first_seen) == ("urn:uuid:day-1", seen.first_seen)
    assert corpus.dropped() == [(1, Reason.SUPERSEDED, "urn:uuid:day-0")]


@pytest.mark.parametrize("first", ["urn:uuid:a", "urn:uuid:z"])
def test_of_two_captures_of_one_moment_the_ids_decide_not_the_order_they_come_in(
    corpus: Corpus, first: str
) -> None:
    corpus.take(*(replace(d, capture=first) for d in page(0, 1)))
    corpus.take(*(replace(d, capture="urn:uuid:m") for d in page(0, 2)))
    assert corpus.published()[1].capture == max(first, "urn:uuid:m")


def test_an_older_capture_that_comes_late_is_looked_at_in_its_place(corpus: Corpus) -> None:
    corpus.take(*page(0, 1))
    assert not corpus.take(*page(2, 1)).loud
    corpus.take(*page(1, 2, 3))
    assert {n: (d.text, d.capture) for n, d in corpus.published().items()} == {
        1: (article(1), "urn:uuid:day-2")
    }
    assert corpus.dropped() == [
        (1, Reason.SUPERSEDED, "urn:uuid:day-0"),
        (1, Reason.SUPERSEDED, "urn:uuid:day-1"),
        (2, Reason.SUPERSEDED, "urn:uuid:day-1"),
    ]


def test_of_two_copies_the_undamaged_one_stands(corpus: Corpus) -> None:
    first, second = row(1, text=article(1)), row(2, text=article(1))
    corpus.take(replace(first, flags=(Flag(name="lone_latin"),)), second)
    (kept,) = corpus.rows("articles")
    assert (kept.id, kept.relation) == (second.id, "canonical")
    (copy,) = corpus.rows("dropped")
    assert (copy.id, copy.reason, copy.related_to) == (first.id, Reason.DUPLICATE, (second.id,))


def test_a_flag_that_says_nothing_of_the_text_does_not_count(corpus: Corpus) -> None:
    first, second = row(1, text=article(1)), row(2, text=article(1))
    corpus.take(replace(first, flags=(Flag(name="no_date"),)), second)
    assert [d.id for d in corpus.rows("articles")] == [first.id]


def test_of_two_copies_the_native_script_stands(corpus: Corpus) -> None:
    first, second = row(1, text=article(1), script="pseudo-Hant"), row(2, text=article(1), script="Hant")
    corpus.take(first, second)
    assert [d.id for d in corpus.rows("articles")] == [second.id]


OWN = article(3, 8)
"""The shortest of three texts: what is left of a page on which the other two stand too."""


def glued(ident: int, *texts: str) -> Document:
    """A page on which some articles stand one below the other, under an address of its own."""
    text = "\n".join(texts)
    return row(ident, text=text, site=f"{ident}.example")


def test_a_page_that_was_cut_is_cut_of_the_whole_again_and_is_whole_when_it_is_withdrawn(
    corpus: Corpus,
) -> None:
    one, two = article(1, 60), article(2, 60)
    page = glued(9, one, two, OWN)
    corpus.take(glued(1, one), glued(2, two), page)
    cut = {d.id: d for d in corpus.rows("articles")}[page.id]
    assert (cut.relation, cut.text, cut.text_hash) == ("split_from", OWN, glued(3, OWN).text_hash)
    corpus.take(glued(12, two))  # a copy of what was cut out: the page is looked at once more
    assert {d.id: d.text for d in corpus.rows("articles")}[page.id] == OWN
    corpus.take(glued(3, OWN))  # now nothing of it is its own
    (withdrawn,) = [d for d in corpus.rows("dropped") if d.id == page.id]
    assert (withdrawn.reason, withdrawn.text, withdrawn.text_hash) == ("glued", page.text, page.text_hash)


def test_the_structure_of_a_page_is_cut_with_its_text(corpus: Corpus) -> None:
    one, two = article(1, 60), article(2, 60)
    whole = "\n".join((one, two, OWN))
    at = whole.index(OWN)
    spans = (
        Span(kind="quote", level=1, start=0, end=len(one)),
        Span(kind="quote", level=1, start=at, end=at + 5),
    )
    page = replace(glued(9, one, two, OWN), structure=spans, structure_raw=spans)
    corpus.take(glued(1, one), glued(2, two), page)
    cut = {d.id: d for d in corpus.rows("articles")}[page.id]
    assert cut.structure == (Span(kind="quote", level=1, start=0, end=5),)
    assert cut.structure_raw == spans
    corpus.take(glued(3, OWN))
    (withdrawn,) = [d for d in corpus.rows("dropped") if d.id == page.id]
    assert withdrawn.structure == spans


DOUBTED = (Flag(name="implausible_date", text="2999-01-01"),)


def test_a_capture_of_a_time_not_believed_is_newer_than_nothing(corpus: Corpus) -> None:
    corpus.take(*page(0, 1, 2))
    corpus.take(*page(999, 1, flags=DOUBTED))
    assert sorted(corpus.published()) == [1, 2], "that it prints one article alone takes none away"
    corpus.take(*page(999, 3, flags=DOUBTED))
    assert corpus.published()[1].text == article(1)


def test_a_capture_of_a_time_not_believed_says_nothing_against_its_text_and_nothing_of_when(
    corpus: Corpus,
) -> None:
    assert item_of(row(0, flags=DOUBTED)).flaws == 0
    corpus.take(*page(999, 3, flags=DOUBTED))
    corpus.take(*page(1, 1))
    (document,) = corpus.published().values()
    assert (document.text, document.first_seen) == (article(1), row(0).captured_at + LATER)


WHOLE = "村里的旧磨坊又转了起来"


def _flags(corpus: Corpus) -> dict[str, list[Flag]]:
    """Id of each document with a current row → its flags."""
    current = [*corpus.rows("articles"), *(d for d in corpus.rows("dropped") if d.reason == "duplicate")]
    return {d.id: list(d.flags) for d in current}


def test_a_copy_shows_that_a_title_is_cut_short_as_long_as_there_is_one(corpus: Corpus) -> None:
    first, text = row(0), article(1)
    copy = row(1, site="b.example", captured_at=first.captured_at + LATER, text=text, title=WHOLE)
    corpus.take(replace(first, text=text, title=WHOLE[:7], flags=(Flag(name="no_date"),)))
    assert corpus.take(copy).loud
    by_copy = Flag(name="title_cut", text=WHOLE[:7], of=copy.id)
    assert _flags(corpus) == {first.id: [by_copy, Flag(name="no_date")], copy.id: []}
    assert {d.title for d in corpus.rows("articles")} <= {WHOLE, WHOLE[:7]}, "never completed from the copy"
    later = first.captured_at + 2 * LATER
    corpus.take(replace(copy, capture="urn:uuid:later", captured_at=later, text=article(5), title_raw="别的"))
    assert _flags(corpus) == {first.id: [Flag(name="no_date")], copy.id: []}


def test_of_a_title_that_a_person_set_no_copy_shows_anything(corpus: Corpus) -> None:
    first, text = row(0), article(1)
    corrected = (Corrected(column="title", was="旧磨坊"),)
    corpus.take(
        replace(first, text=text, title=WHOLE[:7], corrected=corrected),
        row(1, site="b.example", text=text, title=WHOLE),
    )
    assert list(_flags(corpus).values()) == [[], []]
