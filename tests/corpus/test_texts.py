"""A row's text in the corpus's form, with its structure over it."""

from __future__ import annotations

from dataclasses import replace

from pipeline.corpus.texts import normalize_document, whole_text
from pipeline.dedupe.records import SPLIT_FROM
from pipeline.records import Document, Span
from tests.corpus.rows import row

SENTENCE = "由於單位改革,大家都说好。" * 20
CODE = "print('會議',  1)"
EXTRACTED = f"{SENTENCE}\n小標題,一\n{CODE}\n{SENTENCE}"


def over(part: str, kind: str, label: str = "") -> Span:
    start = EXTRACTED.index(part)
    return Span(kind=kind, level=0, start=start, end=start + len(part), label=label)


def page() -> Document:
    picture = Span(kind="image", level=0, start=len(SENTENCE) + 1, end=len(SENTENCE) + 1, label="圖為現場,攝")
    return row(
        1,
        text="",
        extracted=EXTRACTED,
        structure_raw=(over("小標題,一", "heading"), picture, over(CODE, "code")),
    )


def test_the_structure_is_over_the_text_and_code_stays_as_it_is() -> None:
    done = normalize_document(page())
    told = [(s.kind, done.text[s.start : s.end], s.label) for s in done.structure]
    assert sorted(told) == [("code", CODE, ""), ("heading", "小标题，一", ""), ("image", "", "图为现场，摄")]
    (picture,) = [s for s in done.structure if s.kind == "image"]
    assert done.text[picture.start :].startswith("小标题")
    assert done.structure_raw == page().structure_raw


def test_the_whole_text_of_a_cut_row_is_made_anew() -> None:
    done = normalize_document(page())
    whole = (done.text, done.structure)
    assert whole_text(done) == whole
    text, structure = whole_text(replace(done, text="", structure=(), relation=SPLIT_FROM))
    assert (text, structure) == whole


def test_what_stands_in_code_is_no_half_width_mark_that_was_left() -> None:
    line = "print_all_of_the_values_of_the_table_of(这是一个字段,那是另一个) and so on for all of it"
    bare = row(1, text="", extracted=f"{line}\n{line}", text_hash="")
    code = Span(kind="code", level=0, start=0, end=len(line))
    done = normalize_document(replace(bare, structure_raw=(code,)))
    assert done.text == bare.extracted
    (flag,) = (each for each in done.flags if each.name == "half_width_mark")
    assert flag.start == len(line) + 1 + line.index(",")
