"""The whole way: real HTTP from the sample site to published rows, two refreshes, by the command a person types."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import archive
from pipeline.cli import main
from pipeline.corpus import versions
from pipeline.corpus.read import documents, list_versions
from pipeline.demo.expected import Expected, expected, outcomes
from pipeline.demo.server import SampleSite, write_sources
from pipeline.records import Document
from pipeline.web.urls import url_key


@dataclass(frozen=True)
class Ran:
    folder: Path
    base: str
    mirror: str
    bodies_again: int
    """Article pages whose body was sent again in a third refresh in which nothing changed."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("whole-way")
    (folder / "sources").mkdir()
    where = [f"--{name}={folder / name}" for name in ("sources", "raw", "clean")]
    with SampleSite() as site:
        write_sources(folder / "sources", site)
        for turn in (1, 2, 2):
            site.turn = turn
            asked = len(site.log)
            assert main(["refresh", "--all", *where]) == 0
        checked = [r for r in site.log[asked:] if r.status == 200 and _has_validators(r.path, site)]
        return Ran(folder, site.base, site.mirror, len(checked))


def _has_validators(path: str, site: SampleSite) -> bool:
    return any(one.url.endswith(path) for one in expected(2, site.base, site.mirror))


def rows(ran: Ran) -> dict[tuple[str, int], Document]:
    """The current row of each document, published or withheld."""
    found = {}
    history = {"unchanged", "superseded", "part_of"}
    for table in ("dropped", "articles"):
        for document in documents(ran.folder / "clean", table=table):
            if document.reason not in history:
                found[document.url_key, document.part] = document
    return found


def check(ran: Ran, one: Expected) -> list[str]:
    """What is wrong with the row of one expected document."""
    document = rows(ran).get((url_key(one.url), one.part))
    if document is None:
        return ["no row"]
    wrong = []
    if one.reason != document.reason:
        wrong.append(f"reason {document.reason}, wanted {one.reason}")
    if document.extracted:
        if document.title != one.title:
            wrong.append(f"title {document.title!r}, wanted {one.title!r}")
        wrong += [f"lacks {s!r}" for s in one.sentences if s not in document.text]
        wrong += [f"has {s!r}" for s in one.absent if s in document.text]
        names = {f.name for f in document.flags}
        wrong += [f"flag {name} missing" for name in one.flags if name not in names]
        if one.part == 1 and document.published_on != one.published_on:
            wrong.append(f"date {document.published_on}, wanted {one.published_on}")
    return wrong


def test_every_document_is_as_a_careful_editor_wants_it(ran: Ran) -> None:
    wrong = {one.slug: found for one in expected(2, ran.base, ran.mirror) if (found := check(ran, one))}
    assert wrong == {}


def test_facts_the_pages_print_are_found(ran: Ran) -> None:
    """Author and origin are harder than the rest: a floor, which only rises."""
    right: Counter[str] = Counter()
    total = 0
    for one in expected(2, ran.base, ran.mirror):
        document = rows(ran).get((url_key(one.url), one.part))
        if document is None or not document.extracted or one.part != 1:
            continue
        total += 1
        right["author"] += document.author == one.author
        right["origin"] += document.origin_name == one.origin_name
    assert right["author"] / total >= 0.96
    assert right["origin"] / total >= 0.96


def test_pages_that_are_none_stand_in_dropped_with_their_reason(ran: Ran) -> None:
    found: dict[str, set[str | None]] = {}
    for document in documents(ran.folder / "clean", table="dropped"):
        found.setdefault(document.url, set()).add(document.reason)
    for url, allowed in outcomes(ran.base).items():
        if "redirect" not in allowed:
            assert found.get(url, set()) & set(allowed), url


def test_two_versions_and_a_third_refresh_that_changed_nothing(ran: Ran) -> None:
    assert list_versions(ran.folder / "clean") == ["2.1.0", "2.2.0"]
    assert ran.bodies_again == 0


def test_archive_and_corpus_are_whole(ran: Ran) -> None:
    assert archive.verify(ran.folder / "raw") == []
    for version in list_versions(ran.folder / "clean"):
        assert versions.verify(ran.folder / "clean" / version) == []


def test_outside_judges_accept_every_warc(ran: Ran) -> None:
    scripts = Path(sys.executable).parent
    for path in sorted((ran.folder / "raw").rglob("*.warc.gz")):
        for judge in (["gzip", "-t"], [scripts / "warcio", "check"], [scripts / "fastwarc", "check"]):
            done = subprocess.run([*map(str, judge), str(path)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{judge}: {done.stdout}{done.stderr}"


def test_read_prints_json_lines(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--clean", str(ran.folder / "clean")]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wanted = {
        "id", "url", "title", "author", "published_on", "origin_name", "origin_url", "text", "extracted",
        "flags", "cluster", "relation", "reason",
    }  # fmt: skip
    assert len(printed) > 40
    assert all(wanted <= row.keys() for row in printed)


def test_explain_walks_the_life_of_a_page(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    one = next(d for d in documents(ran.folder / "clean") if d.fixes)
    folder = ran.folder
    assert main(["explain", one.url, "--clean", str(folder / "clean"), "--raw", str(folder / "raw")]) == 0
    told = capsys.readouterr().err
    for word in (
        "captured",
        "decoded",
        "body",
        "measured",
        "compared",
        "Published in version",
        one.fixes[0],
    ):
        assert word in told
