from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.dedupe.records import Item
from pipeline.dedupe.run import DedupeIndex, dedupe
from tests.corpus.articles import item, sentences, stored

PARTS = sentences(1, 20)
HEAD, FOOT, MIDDLE = "".join(PARTS[:11]), "".join(PARTS[9:]), "".join(PARTS[4:16])
"""The first two have too little in common to be versions; the third is a version of both."""


def after(*batches: list[Item], folder: Path | None = None) -> DedupeIndex:
    """The index after the batches; with a folder, written and opened again after each."""
    index = DedupeIndex.open(None)
    for number, batch in enumerate(batches):
        dedupe(batch, index, stored(*batches[: number + 1]))
        if folder:
            index.write(folder / str(number))
            index = DedupeIndex.open(folder / str(number))
            index.load([one.id for each in batches for one in each])
    return index


def clusters(index: DedupeIndex) -> dict[str, str]:
    return {member.id: member.decision.cluster for member in index.all_members()}


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_version_of_two_clusters_unites_them(tmp_path: Path, on_disk: bool) -> None:
    batches = [item("a", HEAD)], [item("b", FOOT)]
    assert clusters(after(*batches)) == {"a": "a", "b": "b"}
    index = after(*batches, [item("c", MIDDLE)], folder=tmp_path if on_disk else None)
    assert clusters(index) == {"a": "a", "b": "a", "c": "a"}
    assert (index.root("b"), index.root("a")) == ("a" if on_disk else "b", "a")
    assert [m.id for m in index.all_members() if m.decision.published] == ["a"]


def test_the_uniting_is_told_of_the_earlier_documents_it_changed() -> None:
    batches = [item("a", HEAD), item("b", FOOT)], [item("c", MIDDLE)]
    index = DedupeIndex.open(None)
    dedupe(batches[0], index, stored(*batches))
    deduped = dedupe(batches[1], index, stored(*batches))
    (c,), (b,) = deduped.decisions, deduped.revised
    assert (c.relation, c.of, c.cluster) == ("duplicate", ("a", "b"), "a")
    assert (b.id, b.cluster, b.published, b.relation, b.of) == ("b", "a", False, "duplicate", ("a",))


def test_the_cluster_of_the_first_document_keeps_its_id_and_says_what_became_of_the_other(
    tmp_path: Path,
) -> None:
    batches = [item("b", HEAD)], [item("a", FOOT), item("a2", FOOT)], [item("c", MIDDLE)]
    index = after(*batches, folder=tmp_path)
    assert set(clusters(index).values()) == {"b"}
    assert index.root("a") == "b"


def test_what_comes_later_joins_the_united_cluster() -> None:
    index = after([item("a", HEAD)], [item("b", FOOT)], [item("c", MIDDLE)], [item("d", FOOT)])
    assert clusters(index)["d"] == "a"


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("order", ["abcd", "dcba", "cadb"])
def test_the_order_of_what_is_not_published_names_no_cluster(order: str, size: int) -> None:
    texts = {"a": HEAD, "b": FOOT, "c": MIDDLE, "d": FOOT + "尾声"}
    items = [item(name, texts[name], order=0) for name in order]
    index = after(*(items[start : start + size] for start in range(0, 4, size)))
    assert clusters(index) == dict.fromkeys("abcd", "a")
    assert {index.root(name) for name in "abcd"} == set("abcd")


def test_a_published_cluster_keeps_the_id_it_has(tmp_path: Path) -> None:
    index = after([item("b", FOOT)], [item("a", FOOT)], folder=tmp_path)
    assert clusters(index) == {"a": "b", "b": "b"}


def test_a_cluster_whose_bridge_is_gone_is_two_again(tmp_path: Path) -> None:
    batches = [item("a", HEAD)], [item("b", FOOT), item("b2", FOOT)], [item("c", MIDDLE)]
    index = after(*batches, [item("c", "".join(sentences(9)))], folder=tmp_path)
    assert clusters(index) == {"a": "a", "b": "b", "b2": "b", "c": "c"}
    assert {name: index.root(name) for name in "abc"} == {"a": "a", "b": "b", "c": "c"}


def versions_of(number: int, count: int) -> list[Item]:
    """Versions of one text, each with two sentences of its own."""
    parts = sentences(number)
    return [item(f"v{n:02d}", "".join([*parts, *sentences(100 + n, 3)])) for n in range(count)]


def test_a_version_unlike_the_others_represents_the_cluster_too_but_no_more_than_eight() -> None:
    index = after(versions_of(1, 12))
    representing = [member.id for member in index.all_members() if member.represents]
    assert set(clusters(index).values()) == {"v00"}
    assert representing == [f"v{n:02d}" for n in range(8)]


def test_a_version_like_its_representative_does_not() -> None:
    near = "".join([*sentences(1), "编者附言，本文略有改动。"])
    index = after([item("a", "".join(sentences(1))), item("b", near)])
    assert [member.id for member in index.all_members() if member.represents] == ["a"]


ONE, OTHER = "".join(sentences(31, 12)), "".join(sentences(32, 12))
FRAMED_ONE, FRAMED_OTHER = ONE + "".join(sentences(33, 2)), "".join(sentences(34, 2)) + OTHER
"""With a line or two of their sites, so that neither stands in another page whole."""


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("order", ["abc", "bac", "acb", "bca", "cab", "cba"])
def test_a_page_of_two_articles_does_not_unite_them(tmp_path: Path, order: str, on_disk: bool) -> None:
    texts = {"a": FRAMED_ONE, "b": FRAMED_OTHER, "c": f"{ONE}\n{OTHER}"}
    index = after(*([item(name, texts[name])] for name in order), folder=tmp_path if on_disk else None)
    found = clusters(index)
    assert found["a"] != found["b"]
    index.load_links("abc")
    links = {link.relation for name in "ab" for link in index.links(name) if link.rule == "of-two"}
    assert links == {"contains" if order.endswith("c") else "contained_in"}


def test_what_stood_beside_another_one_is_a_version_once_that_is_gone() -> None:
    page = [item("c", f"{ONE}\n{OTHER}", order=1)]
    batches = page, [item("a", FRAMED_ONE, order=2)], [item("b", FRAMED_OTHER, order=3)]
    index = after(*batches)
    assert clusters(index) == {"c": "c", "a": "c", "b": "b"}
    dedupe([], index, stored(*batches), gone=["a"])
    assert clusters(index) == {"c": "c", "b": "c"}
