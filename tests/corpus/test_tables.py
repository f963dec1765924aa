"""After a change of a table of normalization only the texts it can touch are done again, and all is as if all were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline.corpus import tables
from pipeline.corpus.build import make_ahead
from pipeline.corpus.phrases import FILE
from pipeline.corpus.shards import plan_normalization
from pipeline.normalize.touched import Sought
from pipeline.records import Capture
from pipeline.rules import fingerprint
from tests.corpus.archives import PLAIN, html, job, story_page, write
from tests.corpus.test_build import sums
from tests.corpus.test_phrases import built, built_once

ENDS = ["甲鑑乙，是这里的一条老街。", "核宇小组写道：老街要修了。", "供图的是本地一位摄影师。"]


def pages() -> list[Capture]:
    """Stories: one in three has a word that no table knows, one in three a wrong one."""
    made = []
    for n in range(9):
        body = html(PLAIN[n].title, [*PLAIN[n].body, ENDS[n % 3]])
        made.append(story_page(n, body=body))
    return made


def test_a_build_after_changed_tables_normalizes_the_texts_they_touch(tmp_path: Path) -> None:
    code, here, anew, _ = built_once(tmp_path, pages())
    for name, line in (("confusables", "核宇\t核字\t宇 for 字\n"), ("script", "word\t鑑乙\t鉴乙\ttried\n")):
        rules = code / f"pipeline/rules/{name}.tsv"
        rules.write_text(rules.read_text() + line)
    plan = built(code, here, "--plan")
    assert (plan["extract"], plan["normalize"], plan["untouched"], plan["compare"]) == (0, 6, 3, 9)
    assert _made(built(code, here, "--confirm")) == (0, 6)
    assert _made(built(code, anew, "--confirm")) == (9, 9)
    assert sums(here / "clean") == sums(anew / "clean")


def _made(said: dict[str, object]) -> tuple[int, int]:
    report = said["build"]
    assert isinstance(report, dict)
    return report["extracted"], report["normalized"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write(folder / "raw", pages())
    make_ahead(job(folder))
    return folder


def _told(folder: Path) -> Path:
    (told,) = (folder / ".build").glob(f"normalize-*/{FILE}")
    return told


def test_what_does_not_tell_its_tables_is_of_no_use(made: Path, tmp_path: Path) -> None:
    said, extraction = json.loads(_told(made).read_text()), fingerprint("corpus.pages")
    assert list(tables.earlier(made / ".build", extraction)) == [], "of the tables of now itself"
    there = tmp_path / "normalize-1" / FILE
    there.parent.mkdir()
    other = {**said, "parts": {**said["parts"], "rules/script.tsv": "other"}}
    more = {**other, "parts": {**other["parts"], "normalize/quotes.py": "other"}}
    for text in ("", "{", "{}", json.dumps(more), json.dumps({**other, "tables": None})):
        there.write_text(text)
        assert list(tables.earlier(tmp_path, extraction)) == []
    there.write_text(json.dumps(other))
    assert list(tables.earlier(tmp_path, extraction)) == [(there.parent, Sought())]
    assert list(tables.earlier(tmp_path, "of another extraction")) == []


def test_a_damaged_shard_of_before_gives_no_rows(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / ".build", tmp_path / ".build")
    told = _told(tmp_path)
    said = json.loads(told.read_text())
    said["parts"]["rules/radicals.tsv"] = "other"
    told.write_text(json.dumps(said))
    (extracted,) = (tmp_path / ".build").glob("extract-*/*.parquet")
    before = told.parent.rename(told.parent.with_name("normalize-before"))
    found = plan_normalization(extracted, told.parent / extracted.name)
    assert found is not None
    assert (found.batches, found.total) == ([], 9)
    (before / extracted.name).write_bytes(b"torn")
    assert plan_normalization(extracted, told.parent / extracted.name) is None


def test_rows_of_another_shard_are_of_no_use(made: Path, tmp_path: Path) -> None:
    write(tmp_path / "raw", pages()[:5])
    make_ahead(job(tmp_path))
    (one,) = (made / ".build").glob("extract-*/*.parquet")
    (own,) = (made / ".build").glob("normalize-*/*.parquet")
    (other,) = (tmp_path / ".build").glob("normalize-*/*.parquet")
    what = Sought(damage=frozenset({"核宇"}))
    touched = tables.touched(one, own, what)
    assert touched is not None
    assert [(each.start, each.count) for each in touched] == [(1, 1), (4, 1), (7, 1)]
    assert tables.touched(one, other, what) is None
