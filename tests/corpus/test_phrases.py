"""After a change of the phrases only the pages they can touch are extracted, and all is as if every page had been."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.corpus import phrases
from pipeline.extract import boilerplate, extract_page
from pipeline.extract.boilerplate import answers, noting
from pipeline.records import Capture, Page
from pipeline.rules import table
from tests.corpus.archives import PLAIN, html, story_page, write
from tests.corpus.test_build import sums

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "tests/pages").glob("*/*/page.html"))
Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Whole:
    """A page as the rules of now read it, and the lines they were asked about."""

    said: dict[str, str]
    body: bytes
    page: Page
    lines: frozenset[str]


@pytest.fixture(scope="module")
def whole() -> list[Whole]:
    found = []
    for path in PAGES:
        said, body = json.loads(path.with_name("expected.json").read_text()), path.read_bytes()
        with noting() as lines:
            page = read(said, body)
        found.append(Whole(said, body, page, frozenset(lines)))
    return found


def read(said: dict[str, str], body: bytes) -> Page:
    return extract_page(body, url=said["url"], content_type=said.get("content_type", ""))


@pytest.fixture(autouse=True)
def rules_of_now() -> Iterator[None]:
    yield
    boilerplate._rules.cache_clear()
    forget()


def forget() -> None:
    """Let go what is remembered of the rules as they were."""
    boilerplate._asked_of.cache_clear()
    boilerplate._rule_of.cache_clear()


def put(monkeypatch: pytest.MonkeyPatch, rows: Rows) -> None:
    made = boilerplate.phrases(rows)
    monkeypatch.setattr(boilerplate, "_rules", lambda: made)
    forget()


def altered(
    chance: random.Random, rows: Rows, lines: Sequence[str], firing: Sequence[tuple[str, ...]]
) -> Rows:
    """The rows with one to five lines added, removed, altered or moved, of those that fire here the most."""
    rows = list(rows)
    for _ in range(chance.randint(1, 5)):
        known = [row for row in firing if row in rows]
        at = rows.index(chance.choice(known)) if chance.random() < 0.8 else chance.randrange(len(rows))
        name, place, longest, pattern, reason = rows[at]
        match chance.choice(["add", "remove", "place", "longest", "move", "pattern"]):
            case "add":
                begin = re.escape(chance.choice(lines)[: chance.randint(1, 3)])
                where = chance.choice(["any", "any", "head", "foot", "cut", "end"])
                rows.insert(at, (chance.choice([name, "tried"]), where, "200", begin, "tried"))
            case "remove":
                del rows[at]
            case "place":
                rows[at] = (
                    name,
                    chance.choice(["any", "head", "foot", "cut", "end"]),
                    longest,
                    pattern,
                    reason,
                )
            case "longest":
                rows[at] = (name, place, str(chance.randint(5, 90)), pattern, reason)
            case "move":
                rows.insert(chance.randrange(len(rows)), rows.pop(at))
            case "pattern":
                rows[at] = (name, place, longest, chance.choice(lines)[:2].translate(SAFE) + ".*", reason)
    return rows


SAFE = {ord(sign): "." for sign in r".^$*+?{}[]\|()"}


def test_a_page_that_no_changed_phrase_answers_reads_as_before(
    whole: list[Whole], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(14)
    now: Rows = list(table("boilerplate"))
    lines = sorted({line for each in whole for line in each.lines if line.strip()})
    firing = [row for row in now if any(answers(boilerplate.phrases([row]), line) for line in lines)]
    spared = others = 0
    for _ in range(20):
        rows = altered(chance, now, lines, firing)
        rules = boilerplate.phrases(phrases.changed(now, rows))
        put(monkeypatch, rows)
        for each in chance.sample(whole, 30):
            if any(answers(rules, line) for line in each.lines):
                others += read(each.said, each.body) != each.page
            else:
                spared += 1
                assert read(each.said, each.body) == each.page, each.said["url"]
    assert spared > 300, "so many pages were spared"
    assert others > 10, "and others read otherwise"


def test_what_is_left_of_a_line_is_asked_about_too(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, [("credit", "end", "80", "（甲）$", "")])
    with noting() as lines:
        assert boilerplate.trim(["他说完了。（乙）（甲）"]) == ["他说完了。（乙）"]
    assert lines == {"他说完了。（乙）（甲）", "他说完了。（乙）"}
    assert any(answers(boilerplate.phrases([("credit", "end", "80", "（乙）$")]), line) for line in lines)


def test_a_line_that_moved_counts_and_a_reason_does_not() -> None:
    rows = [("a", "any", "9", "甲", "why"), ("b", "any", "9", "乙", "why"), ("c", "any", "9", "丙", "why")]
    assert phrases.changed(rows, [(*row[:4], "another why") for row in rows]) == []
    assert phrases.changed(rows, rows[1:]) == [rows[0][:4]]
    assert phrases.changed(rows, [rows[1], rows[0], rows[2]]) in ([rows[0][:4]], [rows[1][:4]])
    longer = (*rows[1][:2], "10", "乙", "why")
    assert phrases.changed(rows, [rows[0], longer, rows[2]]) == [rows[1][:4], longer[:4]]


def pages() -> list[Capture]:
    """Stories with closing lines: of the first three one says who checked it, which no rule of now knows."""
    ends = ["供图：新华社", "核实小组：甲乙", "责任编辑：王五"]
    made = []
    for n in range(9):
        body = html(PLAIN[n].title, [*PLAIN[n].body, ends[n % 3]])
        made.append(story_page(n, body=body))
    return made


def built(code: Path, folder: Path, *options: str) -> dict[str, object]:
    line = [sys.executable, "-m", "pipeline.cli", "build", "--workers=1", "--json", *options]
    env = {**os.environ, "PYTHONPATH": str(code)}
    done = subprocess.run(line, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def built_once(tmp_path: Path, captures: Sequence[Capture]) -> tuple[Path, Path, Path, dict[str, object]]:
    """A copy of the code, an archive built by it and the same that remembers nothing; what the build said."""
    code, here, anew = tmp_path / "code", tmp_path / "here", tmp_path / "anew"
    shutil.copytree(ROOT / "pipeline", code / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    (here / "sources").mkdir(parents=True)
    write(here / "raw", captures)
    first = built(code, here, "--confirm")
    shutil.copytree(here, anew, symlinks=True)
    shutil.rmtree(anew / ".build")
    return code, here, anew, first


def test_a_build_after_a_changed_phrase_extracts_the_pages_it_touches(tmp_path: Path) -> None:
    code, here, anew, first = built_once(tmp_path, pages())
    assert _made(first) == (9, 9)
    rules = code / "pipeline/rules/boilerplate.tsv"
    rules.write_text(f"{rules.read_text()}credit\tfoot\t20\t核实小组\\s*：.{{1,10}}$\twho checked it\n")
    plan = built(code, here, "--plan")
    assert (plan["extract"], plan["compare"]) == (3, 9)
    assert _made(built(code, here, "--confirm")) == (3, 3)
    assert _made(built(code, anew, "--confirm")) == (9, 9)
    assert sums(here / "clean") == sums(anew / "clean")
    (noted,) = {json.loads(p.read_text())["parts"][phrases.TABLE] for p in _newest(here)}
    assert noted not in {json.loads(p.read_text())["parts"][phrases.TABLE] for p in _newest(here, -2)}


def _made(said: dict[str, object]) -> tuple[int, int]:
    report = said["build"]
    assert isinstance(report, dict)
    return report["extracted"], report["normalized"]


def _newest(folder: Path, place: int = -1) -> list[Path]:
    found = sorted(
        (folder / ".build").rglob(f"extract-*/{phrases.FILE}"), key=lambda path: path.stat().st_mtime_ns
    )
    return found[place:][:1]


@pytest.mark.parametrize("torn", ["", "{", "{}", '{"parts": {}, "phrases": []}'])
def test_what_does_not_tell_its_rules_is_of_no_use(tmp_path: Path, torn: str) -> None:
    (tmp_path / "extract-1").mkdir()
    (tmp_path / "extract-1" / phrases.FILE).write_text(torn)
    assert list(phrases.earlier(tmp_path)) == []
    phrases.note(tmp_path / "extract-2")
    assert list(phrases.earlier(tmp_path)) == [], "of the rules of now itself"
    said = json.loads((tmp_path / "extract-2" / phrases.FILE).read_text())
    said["parts"][phrases.TABLE] = "other"
    (tmp_path / "extract-3").mkdir()
    (tmp_path / "extract-3" / phrases.FILE).write_text(json.dumps(said))
    assert [lines for _, lines in phrases.earlier(tmp_path)] == [[]]
    said["parts"]["extract/body.py"] = "other"
    (tmp_path / "extract-3" / phrases.FILE).write_text(json.dumps(said))
    assert list(phrases.earlier(tmp_path)) == [], "not the phrases alone"
