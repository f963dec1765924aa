"""A cluster: its members, why one is published, and what two texts share, as deduplication measured it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from starlette.testclient import TestClient

from pipeline.corpus.read import documents
from pipeline.dedupe.canonical import choose
from pipeline.dedupe.overlap import measure
from pipeline.dedupe.sketch import shingles, text_key
from pipeline.errors import UsageError
from pipeline.look import cluster
from pipeline.look.asked import Asked
from pipeline.look.cluster import Cluster, passages
from pipeline.records import Document
from pipeline.runs import Folders
from tests.dedupe.test_canonical import member


@pytest.fixture(scope="session")
def clustered(demo: Folders) -> dict[str, list[Document]]:
    """Cluster → its current rows, of the clusters with several."""
    found: dict[str, list[Document]] = {}
    for table in ("articles", "dropped"):
        for row in documents(demo.clean, table=table):
            if row.cluster is not None and row.reason in (None, "duplicate"):
                found.setdefault(row.cluster, []).append(row)
    return {name: rows for name, rows in found.items() if len(rows) > 1}


def shown(where: Folders, ident: str, **query: str) -> Cluster:
    return cluster.read(Asked(folders=where, path={"id": ident}, query=query))


def test_every_cluster_shows_its_rows(demo: Folders, clustered: dict[str, list[Document]]) -> None:
    assert Counter(len(rows) for rows in clustered.values()) == {2: 3, 3: 1}
    for name, rows in clustered.items():
        page = shown(demo, name)
        assert {each.id for each in page.members} == {row.id for row in rows}
        assert page.published == next(row.id for row in rows if row.reason is None)
        assert page.why
        assert page.pair is not None
        assert page.pair[0].member.id == page.published


def test_what_is_marked_stands_in_both(demo: Folders, clustered: dict[str, list[Document]]) -> None:
    for name in clustered:
        page = shown(demo, name)
        assert page.pair is not None
        one, two = page.pair
        keys = [
            "".join(map(chr, text_key("".join(piece.text for line in text.lines for piece in line))))
            for text in (one, two)
        ]
        for text, other in ((one, keys[1]), (two, keys[0])):
            marked = [piece.text for line in text.lines for piece in line if piece.changed]
            grams = [
                key[n : n + 5]
                for key in ("".join(map(chr, text_key(stretch))) for stretch in marked)
                for n in range(0, len(key) - 5, 5)
            ]
            assert grams
            assert sum(gram in other for gram in grams) / len(grams) > 0.85


def test_two_members_are_laid_beside_each_other(demo: Folders, clustered: dict[str, list[Document]]) -> None:
    (name,) = (name for name, rows in clustered.items() if len(rows) == 3)
    one, two = sorted(row.id for row in clustered[name])[1:]
    page = shown(demo, name, left=one, right=two)
    assert page.pair is not None
    assert [text.member.id for text in page.pair] == [one, two]
    with pytest.raises(UsageError, match="no member of this cluster"):
        shown(demo, name, left="nobody")
    assert shown(demo, name, left=one, right=one).pair is None


A = "机械臂把它们逐一送进检测舱，七分钟后，屏幕上跳出一个分数：八十分以上的留用，六十到八十分的降级。"
B = "老桥等来第三次大修，工人们先把桥面上的青石板一块一块编上号，再搬到河滩上晾干。"


def test_passages_are_spans_of_the_text_with_their_full_stop() -> None:
    one, two = f"开头不同的话在这里。\n{A}", f"{B}\n{A}"
    found = measure(shingles(text_key(one)), shingles(text_key(two)))
    assert found is not None
    assert [one[start:end] for start, end in passages(one, frozenset(), found.a)] == [A]
    assert [two[start:end] for start, end in passages(two, frozenset(), found.b)] == [A]


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        ({}, {"flaws": 2}, "it has the fewest damages"),
        (
            {"site_name": "南屏日报", "origin_name": None},
            {"origin_name": "南屏日报"},
            "the others name its site as their origin",
        ),
        ({}, {"native": False}, "its script is native"),
        ({}, {"length": 300}, "it is complete, and no more than the article"),
        ({}, {"published_on": date(2026, 5, 1)}, "it was published first"),
        ({}, {"fetched_at": datetime(2026, 5, 1, tzinfo=UTC)}, "it was captured first"),
        ({}, {}, "nothing else tells them apart but the id"),
    ],
)
def test_why_one_was_chosen(better: dict[str, object], worse: dict[str, object], why: str) -> None:
    alike = {
        "length": 600,
        "published_on": date(2026, 4, 1),
        "fetched_at": datetime(2026, 4, 2, tzinfo=UTC),
        "origin_name": None,
        "site_name": None,
    }
    one = member("b", **{**alike, **better})
    others = [member("a" if worse else "d", **{**alike, **worse}), member("c", **alike)]
    assert choose([one, *others]).id == "b"
    assert cluster._why([one, *others], one) == (why,)


@pytest.mark.parametrize("ident", ["0123", "..%2f..", "%2e%2e", "%00"])
def test_a_cluster_that_is_not_there_is_a_plain_page(client: TestClient, ident: str) -> None:
    assert client.get(f"/cluster/{ident}").status_code == 404
