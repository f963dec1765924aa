"""What pages and sites say of their use: cases as data, each built into a page of our own, read as a build does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.pages import extract_group
from pipeline.corpus.reserved import Rights, SiteFiles
from pipeline.records import RESERVED_WORDS, RIGHTS_PLACES, Capture, Document, Right, Source
from pipeline.rights import directives, licences, robotstxt, tdmrep
from pipeline.rights.effects import reservation
from pipeline.rights.facts import MOST, ordered
from pipeline.rules import table
from tests.timing import TIME_LIMIT

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "rights.jsonl").read_text("utf-8").splitlines()
]
PARAGRAPHS = [
    "村口的老槐树下，几位老人说起那年修渠引水的旧事，说到夜里才各自回家。",
    "那时候没有机器，石头是一块一块背上山的，水是一寸一寸引下来的。",
    "渠成那天，全村的人都站在坡上看，谁也没有说话，只听见水声。",
    "后来年轻人去了城里，渠还在，水还在，只是看水的人换了一代又一代。",
]


class Said(SiteFiles):
    """Site files as a case gives them, in place of an archive's."""

    def __init__(self, case: dict[str, Any]) -> None:
        super().__init__(Path())
        self.case = case

    def rights(self, document: Document) -> tuple[Right, ...]:
        robots, file = self.case.get("robots", "").encode(), json.dumps(self.case.get("tdmrep")).encode()
        return (
            *robotstxt.barred(robots, document.url),
            *tdmrep.reserved_by_file(file, document.url),
        )


def page(case: dict[str, Any]) -> bytes:
    lines = [*PARAGRAPHS[:2], *case.get("paragraphs", []), *PARAGRAPHS[2:], *case.get("last", [])]
    text = "".join(f"<p>{line}</p>" for line in lines)
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>修渠旧事</title>{case.get('head', '')}</head>"
        f"<body><h1>修渠旧事</h1><div class=article>{text}</div>"
        f"<div class=footer>{case.get('foot', '')}</div></body></html>"
    ).encode()


def rows(case: dict[str, Any]) -> list[Document]:
    url = case.get("url", "https://example.cn/a/1.html")
    capture = Capture(
        id="urn:uuid:1",
        source="example",
        url=url,
        url_key=url,
        final_url=url,
        fetched_at=datetime(2026, 11, 1, 8, 0, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html"), *((name, value) for name, value in case.get("headers", []))),
        body=page(case),
    )
    source = Source(
        name="example",
        home="https://example.cn/",
        terms=case.get("terms", ""),
        answer_to=tuple(case.get("answer_to", ())),
        reserved=case.get("source", "respect"),
    )
    found = [replace(row, terms=source.terms) for row in extract_group(Path(), [capture], source)]
    return Rights(files=Said(case), sources={source.name: source}).apply(found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_a_page_says(case: dict[str, Any]) -> None:
    (row,) = rows(case)
    assert len(case["says"]) == len(row.rights), row.rights
    for wanted, right in zip(case["says"], row.rights, strict=True):
        name, place, *said = wanted.split(" ")
        assert (right.name, right.place) == (name, place)
        assert said in ([], [right.said])
    assert row.license_url == case.get("license_url")
    assert [flag.name for flag in row.flags] == case.get("flags", [])
    if "reserved" in case:
        assert (row.reason, row.rule) == ("reserved", case["reserved"])
        assert (row.extracted, row.text, row.structure_raw, row.captions) == ("", "", (), ())
        (kept,) = rows({**case, "source": "publish"})
        assert kept.reason is None
        assert kept.rights == row.rights
        row = kept
    assert row.reason is None
    lines = row.extracted.split("\n")
    for line in (*PARAGRAPHS, *case.get("paragraphs", ())):
        assert line in lines or line in case.get("maybe", ()), "an older rule takes lines like `maybe` out"


def test_there_are_cases_of_every_kind() -> None:
    assert len(CASES) >= 90
    said = {wanted.split(" ")[0] for case in CASES for wanted in case["says"]}
    assert said == {name for name, *_ in table("rights")}
    assert {wanted.split(" ")[1] for case in CASES for wanted in case["says"]} == set(RIGHTS_PLACES)
    assert sum(not case["says"] for case in CASES) >= 25


def test_the_words_are_those_of_the_table_and_the_columns() -> None:
    from pipeline.corpus.card import column_docs

    for name, effect, meaning in table("rights"):
        assert effect in {"reserves", "frees", "asked", "recorded"}
        assert meaning
        assert name in column_docs()["rights.name"][1]
    for place in RIGHTS_PLACES:
        assert place in column_docs()["rights.place"][1]
    assert Source(name="a", home="").reserved == RESERVED_WORDS[0]


def test_a_row_has_each_fact_once_and_so_many_at_most() -> None:
    facts = [
        Right(name="noindex", place=place, said=f"{n}" * 300)
        for n in range(99)
        for place in ("meta", "header")
    ]
    kept = ordered((*facts, *facts))
    assert len(kept) == MOST
    assert [right.place for right in kept] == sorted((right.place for right in kept), key=RIGHTS_PLACES.index)
    assert max(len(right.said) for right in kept) == 200
    assert ordered(kept) == kept


@given(
    st.lists(
        st.sampled_from(
            [("tdm_reserved", p) for p in RIGHTS_PLACES] + [("tdm_open", p) for p in RIGHTS_PLACES]
        )
    )
)
def test_of_reservations_the_last_place_counts(said: list[tuple[str, str]]) -> None:
    rights = ordered(Right(name=name, place=place, said="") for name, place in said)
    assert (reservation(rights) is not None) == (bool(rights) and rights[-1].name == "tdm_reserved")


URL = "https://example.cn/" + "a/" * 1_900


def by_file(rules: Any, most: int = tdmrep.MAX_BYTES) -> tuple[Right, ...]:
    """What a file of so many rules says; one that is cut still ends as JSON does."""
    body = json.dumps(rules).encode()
    whole = body if len(body) <= most else body[:most].rsplit(b", {", 1)[0] + b"]"
    return tdmrep.reserved_by_file(whole, URL)


def rule(location: str) -> dict[str, Any]:
    return {"location": location, "tdm-reservation": 1}


HOSTILE: dict[str, Callable[[], object]] = {
    "a tdmrep.json of 10 MB": lambda: tdmrep.reserved_by_file(b"[" + b'"a",' * 2_500_000 + b"0]", URL),
    "100,000 rules": lambda: by_file([rule("/*" * 20 + f"/{n}$") for n in range(100_000)], 10**9),
    "as many rules as are read": lambda: by_file([rule("/*" * 50 + f"/{n}$") for n in range(8_000)]),
    "stars": lambda: by_file([rule("/*" * 2_000 + "b$")] * 200),
    "nested": lambda: tdmrep.reserved_by_file(b"[" * 500_000, URL),
    "a header of 1 MB": lambda: directives.by_headers((("X-Robots-Tag", "noai," * 200_000),)),
    "a header of names": lambda: directives.by_headers((("X-Robots-Tag", "a:" * 500_000),)),
    "a header of digits": lambda: tdmrep.reserved_by_headers((("tdm-reservation", "1" * 1_000_000),)),
    "a robots.txt of groups": lambda: robotstxt.barred(
        b"User-agent: GPTBot\nDisallow: /*a*b*c\n" * 3_000, URL
    ),
    "a phrase of 1 MB": lambda: licences.licence_in("CC BY NC " * 100_000),
    "metas": lambda: rows({"head": "<meta name=robots content=noai>" * 20_000}),
    "lines": lambda: rows({"foot": "<p>未经授权授权许可转载须经转载请</p>" * 5_000}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_hostile_costs_little(what: str) -> None:
    started = time.process_time()
    HOSTILE[what]()
    assert time.process_time() - started < TIME_LIMIT


def test_a_file_is_read_up_to_its_caps() -> None:
    last = {"location": "/", "tdm-reservation": 1}
    other = {"location": "/b/", "tdm-reservation": 0}
    url = "https://example.cn/a"
    within = json.dumps([*[other] * (tdmrep.MAX_RULES - 1), last]).encode()
    beyond = json.dumps([*[other] * tdmrep.MAX_RULES, last]).encode()
    assert tdmrep.reserved_by_file(within, url)
    assert not tdmrep.reserved_by_file(beyond, url)
    assert tdmrep.is_file(within)
    assert not tdmrep.is_file(b"[" + b" " * tdmrep.MAX_BYTES + b"]")
    assert not tdmrep.is_file(b"<html>")
