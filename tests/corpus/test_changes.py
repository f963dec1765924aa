from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.corpus.changes import CHANGES, compare
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.feed import rows, summary
from pipeline.corpus.quality import RULES, measure
from pipeline.corpus.schema import SCHEMA, write_parquet
from pipeline.records import Corrected, Document, Editor, Flag, OriginStep, Outcome, Reason, Right, Span
from tests.corpus.rows import row

A, B = row(1), row(2)
BY_HAND = (Corrected(column="title", was="x"),)
NEW_PAGE = {"capture": "urn:uuid:new", "extracted_hash": "other", "text_hash": "other"}


def out(document: Document, reason: str) -> Document:
    return replace(document, reason=reason)


def changed(document: Document, fields: dict[str, Any]) -> Document:
    return replace(document, **fields)


CASES: dict[str, tuple[Sequence[Document], Sequence[Document], dict[str, int]]] = {
    "nothing": ([A, B], [A, B], {}),
    "a new page": ([A], [A, B], {"added:capture": 1}),
    "a row that left": ([A, B], [A], {"removed:withdrawn": 1}),
    "its record in the archive was lost": ([A, B], [A, out(B, Outcome.DAMAGED)], {"removed:damaged": 1}),
    "a row that left as history": ([A, B], [A, out(B, Reason.SUPERSEDED)], {"removed:withdrawn": 1}),
    "the page said something new": ([A], [changed(A, NEW_PAGE)], {"changed:capture": 1}),
    "another capture of the same": ([A], [replace(A, capture="urn:uuid:new")], {"changed:other": 1}),
    "a person corrected it": (
        [A],
        [changed(A, {"title": "改", "extracted_hash": "other", "corrected": BY_HAND})],
        {"changed:correction": 1},
    ),
    "a correction fell away with the page": (
        [changed(A, {"corrected": BY_HAND})],
        [changed(A, NEW_PAGE)],
        {"changed:capture": 1},
    ),
    "a person took it": ([A], [out(A, Reason.NOT_AN_ARTICLE)], {"removed:correction": 1}),
    "a person gave it back": ([out(A, Reason.NOT_AN_ARTICLE)], [A], {"added:correction": 1}),
    "another extraction": (
        [A],
        [replace(A, extracted_hash="other", text_hash="other")],
        {"changed:extract": 1},
    ),
    "extraction that normalization evens out": (
        [A],
        [replace(A, extracted_hash="other")],
        {"changed:extract": 1},
    ),
    "another normalization": ([A], [replace(A, text_hash="other")], {"changed:normalize": 1}),
    "normalization and title": (
        [A],
        [replace(A, text_hash="other", title="改")],
        {"changed:normalize": 1},
    ),
    "a quality rule took it": ([A], [out(A, "too_short")], {"removed:quality": 1}),
    "a quality rule gave it back": ([out(A, "too_short")], [A], {"added:quality": 1}),
    "only a later capture was poor": ([], [A, out(A, "too_short")], {"added:capture": 1}),
    "its source failed before": ([out(A, Outcome.TIMEOUT)], [A], {"added:capture": 1}),
    "it waited": ([out(A, Reason.HELD)], [A], {"added:capture": 1}),
    "withheld rows stay withheld": ([out(A, Reason.DUPLICATE)], [out(A, Reason.GLUED)], {}),
    "rows of dropped change": ([out(A, "too_short")], [out(replace(A, title="改"), "too_short")], {}),
}
CASES |= {
    f"dedupe took it: {reason}": ([A], [out(A, reason)], {"removed:dedupe": 1})
    for reason in (Reason.DUPLICATE, Reason.CONTAINED_IN, Reason.GLUED)
}
CASES |= {
    f"dedupe gave it back: {reason}": ([out(A, reason)], [A], {"added:dedupe": 1})
    for reason in (Reason.DUPLICATE, Reason.CONTAINED_IN, Reason.GLUED)
}
METADATA: dict[str, Any] = {
    "title": "改过的标题",
    "author": "王芳",
    "published_on": date(2026, 10, 1),
    "published_at": "2026-10-01T08:49+08:00",
    "modified_on": date(2026, 10, 2),
    "modified_at": "2026-10-02T08:49",
    "origin_name": "晨报",
}
CASES |= {
    f"its {name}": ([A], [changed(A, {name: value})], {"changed:metadata": 1})
    for name, value in METADATA.items()
}
CASES |= {
    f"no {name} any more": (
        [changed(A, {name: value})],
        [changed(A, {name: None})],
        {"changed:metadata": 1},
    )
    for name, value in METADATA.items()
}
CASES |= {
    f"its {name}": ([A], [changed(A, {name: "other"})], {"changed:relation": 1})
    for name in ("relation", "cluster")
}
CASES |= {
    f"its {name}": ([A], [changed(A, {name: value})], {f"changed:{cause}": 1})
    for name, value, cause in (
        ("terms", "CC0", "terms"),
        ("section", "other", "other"),
        ("first_seen", A.first_seen - timedelta(days=1), "other"),
        ("structure", (Span(kind="quote", level=1, start=0, end=2),), "other"),
        ("quality", measure(A.text), "other"),
        ("related_to", ("x",), "relation"),
    )
}
CASES |= {f"{r.reason} is of quality": ([A], [out(A, r.reason)], {"removed:quality": 1}) for r in RULES}


def version(folder: Path, documents: Sequence[Document]) -> Path:
    """A version folder of these rows."""
    Edition(folder, None).apply([Edit(after=d) for d in documents])
    return folder


@pytest.mark.parametrize(("old", "new", "found"), CASES.values(), ids=CASES)
def test_cause(
    old: Sequence[Document], new: Sequence[Document], found: dict[str, int], tmp_path: Path
) -> None:
    table = compare(version(tmp_path / "old", old), version(tmp_path / "new", new))
    assert summary(table) == found
    assert table.schema == CHANGES


HASHED = {"text": "text_hash", "extracted": "extracted_hash"}


@pytest.mark.parametrize("column", [c.name for c in SCHEMA if c.name not in {"id", "reason", *HASHED}])
def test_no_column_changes_in_silence(column: str, tmp_path: Path) -> None:
    full = replace(A, quality=measure(A.text), title_from="meta")
    before: Any = getattr(full, column)
    others: dict[type, Any] = {
        tuple: (),
        bool: True,
        int: 7,
        date: date(2026, 1, 1),
        datetime: A.first_seen + timedelta(1),
    }
    after = others.get(type(before), None if column == "quality" else "other")
    if before == ():
        kinds: dict[str, Any] = {"flags": Flag(name="x"), "corrected": BY_HAND[0]}
        kinds["rights"] = Right(name="noindex", place="meta", said="noindex")
        kinds["editors"] = Editor(name="周一帆", role="editor")
        kinds["origins"] = OriginStep(name="示例晚报", url=None, how="source", confidence=0.9)
        span = Span(kind="quote", level=1, start=0, end=2)
        after = (kinds.get(column, span if column.startswith("structure") else "x"),)
    elif column in ("score", "agreement"):
        after = 0.5
    elif column in ("published_on", "modified_on"):
        after = date(2026, 1, 1)
    old, new = (
        version(tmp_path / "old", [full]),
        version(tmp_path / "new", [changed(full, {column: after})]),
    )
    assert compare(old, new).num_rows == 1


def test_a_column_that_one_version_lacks_is_not_compared(tmp_path: Path) -> None:
    old, new = (
        version(tmp_path / "old", [A]),
        version(tmp_path / "new", [replace(A, terms="CC0", title="改")]),
    )
    (path,) = (old / "articles").iterdir()
    write_parquet(pq.read_table(path).drop_columns(["terms", "corrected"]), path)
    assert summary(compare(old, new)) == {"changed:metadata": 1}
    assert compare(old, version(tmp_path / "same", [A])).num_rows == 0


def test_a_change_names_the_row_its_texts_and_its_files(tmp_path: Path) -> None:
    old = version(tmp_path / "old", [A, B])
    new = version(tmp_path / "new", [replace(A, title="改", text_hash="other"), row(3)])
    found = {r["kind"]: r for r in rows(compare(old, new))}
    file = "articles/2026-11-01-000.parquet"
    hashes = [found["changed"].pop(name) for name in ("old_row_hash", "new_row_hash")]
    assert all(each and len(each) == 32 for each in hashes)
    assert hashes[0] != hashes[1]
    assert found["changed"] == {
        "id": A.id,
        "kind": "changed",
        "cause": "normalize",
        "source": "example",
        "url": A.url,
        "title": "改",
        "old_text_hash": A.text_hash,
        "new_text_hash": "other",
        "old_file": file,
        "new_file": file,
    }
    removed, added = found["removed"], found["added"]
    assert (removed["id"], removed["title"], removed["new_text_hash"], removed["new_file"]) == (
        B.id,
        B.title,
        None,
        None,
    )
    assert (added["id"], added["url"], added["old_text_hash"], added["old_file"]) == (
        row(3).id,
        row(3).url,
        None,
        None,
    )


def test_the_first_version_adds_all_it_has(tmp_path: Path) -> None:
    table = compare(None, version(tmp_path / "new", [row(n) for n in range(5)]))
    assert summary(table) == {"added:capture": 5}
    ids = table["id"].to_pylist()
    assert ids == sorted(ids)


def test_a_linked_file_is_not_read(tmp_path: Path) -> None:
    old = version(tmp_path / "old", [A, out(B, "too_short")])
    edition = Edition(tmp_path / "new", old)
    for path in (old / "articles", old / "dropped"):
        next(path.iterdir()).write_bytes(b"no Parquet at all: opened, it would be an error")
    assert compare(old, edition.folder).num_rows == 0


def test_a_file_of_the_same_name_that_is_no_link_is_read(tmp_path: Path) -> None:
    old = version(tmp_path / "old", [A])
    edition = Edition(tmp_path / "new", old)
    placed = edition.find([A.id])[A.id]
    edition.apply([Edit(before=placed, after=replace(A, title="改"))])
    assert summary(compare(old, edition.folder)) == {"changed:metadata": 1}


def test_a_table_that_has_no_files_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "new/articles").mkdir(parents=True)
    assert compare(version(tmp_path / "old", [A]), tmp_path / "new").num_rows == 1


@pytest.mark.parametrize(
    "fields",
    [NEW_PAGE, *({name: value} for name, value in METADATA.items()), {"cluster": "x"}, {"relation": "x"}],
)
def test_rows_that_differ_have_other_hashes_and_equal_ones_the_same(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    one, two = version(tmp_path / "one", [A]), version(tmp_path / "two", [changed(A, fields)])
    (there,), (back,) = rows(compare(one, two)), rows(compare(two, one))
    assert (there["old_row_hash"], there["new_row_hash"]) == (back["new_row_hash"], back["old_row_hash"])
    assert there["old_row_hash"] != there["new_row_hash"]
    (added,) = rows(compare(None, one))
    assert (added["old_row_hash"], added["new_row_hash"]) == (None, there["old_row_hash"])
