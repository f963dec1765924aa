"""What is decided follows from the documents, not from the batches they came in, nor from what they said before."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.dedupe.records import NOTHING_APART, Apart, Decision, Item
from pipeline.dedupe.run import DedupeIndex, dedupe
from tests.corpus.articles import article, item, sentences
from tests.dedupe.test_run import NOTICE

EVENTS = 60
SITES = ("s", "t", "u")


def text_of(chance: random.Random) -> str:
    """One of the things pages print: articles of a few, their versions, excerpts and pages of two, notices, frames."""
    number = chance.randrange(8)
    parts = sentences(number)
    kind = chance.randrange(9)
    if kind == 1:
        parts[chance.randrange(14)] = parts[3][:9] + "另外改过" + parts[4][12:]
    elif kind == 2:
        parts = ["有消息说，此事引起了各方面的注意。", *parts[1:4], *parts[6:10], *parts[11:]]
    elif kind == 3:
        start = chance.randrange(5)
        parts = parts[start : start + 7]
    elif kind == 4:
        parts = [*parts, "\n另一篇的标题\n", *sentences(chance.randrange(8))]
    elif kind == 5:
        parts = [*parts[:7], *sentences(chance.randrange(8))[7:]]
    elif kind == 6:
        parts = [
            NOTICE.format(
                day=number + 3, hour=2 * number, wind=number, high=31 - number, low=number, wet=40 + number
            )
        ]
    lines = ["".join(parts[at : at + 3]) for at in range(0, len(parts), 3)]
    if chance.random() < 0.5:
        lines = [
            f"{chance.choice(SITES)}网首页 > 新闻 > 正文",
            *lines,
            *sentences(90 + chance.randrange(3), 4),
        ]
    return "\n".join(lines)


def history(seed: int) -> list[Item | str]:
    """What came, in the order of the captures: an item, the same id again with another text, or an id that went."""
    chance = random.Random(seed)
    events: list[Item | str] = []
    there: dict[str, Item] = {}
    for order in range(EVENTS):
        if there and chance.random() < 0.1:
            name = chance.choice(sorted(there))
            del there[name]
            events.append(name)
            continue
        again = there and chance.random() < 0.35
        name = chance.choice(sorted(there)) if again else f"d{chance.randrange(1000):03d}"
        site = there[name].site if name in there else chance.choice(SITES)
        there[name] = item(name, text_of(chance), site=site, order=order, flaws=chance.randrange(2))
        events.append(there[name])
    return events


class Grown:
    """An index that batches of such events are put into."""

    def __init__(self, folder: Path | None = None, apart: Apart = NOTHING_APART) -> None:
        self.index = DedupeIndex.open(None, apart)
        self.texts: dict[str, str] = {}
        self.folder = folder
        self.told: dict[str, Decision] = {}
        self.batches = 0

    def take(self, events: Sequence[Item | str]) -> None:
        last = {event if isinstance(event, str) else event.id: event for event in events}
        items = [event for event in last.values() if isinstance(event, Item)]
        gone = [event for event in last.values() if isinstance(event, str)]
        deduped = dedupe(items, self.index, self._stored, gone=gone)
        assert deduped.left == 0
        self.told |= {d.id: d for d in (*deduped.decisions, *deduped.revised)}
        for name in gone:
            self.texts.pop(name, None)
            self.told.pop(name, None)
        self.texts |= {one.id: one.text for one in items}
        if self.folder:
            self.batches += 1
            self.index.write(self.folder / str(self.batches))
            self.index = DedupeIndex.open(self.folder / str(self.batches))

    def _stored(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self.texts[name] for name in names if name in self.texts}

    def said(self) -> dict[str, Decision]:
        found = {member.id: member.decision for member in self.index.all_members()}
        assert found == self.told, "what was told is what is stored"
        return found


def cut(events: Sequence[Item | str], pieces: int) -> Iterator[Sequence[Item | str]]:
    size = -(-len(events) // pieces)
    for start in range(0, len(events), size):
        yield events[start : start + size]


def different(
    a: dict[str, Decision], b: dict[str, Decision]
) -> dict[str, tuple[Decision | None, Decision | None]]:
    return {
        name: (a.get(name), b.get(name)) for name in sorted(a.keys() | b.keys()) if a.get(name) != b.get(name)
    }


def at_once(events: Sequence[Item | str], apart: Apart = NOTHING_APART) -> dict[str, Decision]:
    grown = Grown(apart=apart)
    grown.take(events)
    return grown.said()


@pytest.mark.parametrize("seed", range(8))
def test_increments_decide_as_one_batch(seed: int, tmp_path: Path) -> None:
    events = history(seed)
    whole = at_once(events)
    assert {decision.relation for decision in whole.values()} >= {"new", "duplicate"}
    for pieces in (4, 12, 30):
        grown = Grown(tmp_path / str(pieces) if pieces == 12 else None)
        for batch in cut(events, pieces):
            grown.take(batch)
        assert different(whole, grown.said()) == {}, pieces


@pytest.mark.parametrize("seed", range(8))
def test_what_comes_late_is_decided_in_its_place(seed: int) -> None:
    last = {event if isinstance(event, str) else event.id: event for event in history(seed)}
    items = [event for event in last.values() if isinstance(event, Item)]
    whole = at_once(items)
    random.Random(seed).shuffle(items)
    for pieces in (4, 30):
        grown = Grown()
        for batch in cut(items, pieces):
            grown.take(batch)
        assert different(whole, grown.said()) == {}, pieces


@pytest.mark.parametrize("seed", [4, 10, 14, 16])
def test_so_do_they_where_corrections_keep_documents_apart(seed: int) -> None:
    chance = random.Random(seed)
    events = [
        replace(event, text=f"今天放假{chance.randrange(3)}天，大家都回家。")
        if isinstance(event, Item) and chance.random() < 0.5
        else event
        for event in history(seed)
    ]
    names = sorted({event if isinstance(event, str) else event.id for event in events})
    apart: dict[str, frozenset[str]] = {}
    for one, other in (chance.sample(names, 2) for _ in range(25)):
        apart[one] = apart.get(one, frozenset()) | {other}
        apart[other] = apart.get(other, frozenset()) | {one}
    whole = at_once(events, apart)
    for pieces in (4, 12, 30):
        grown = Grown(apart=apart)
        for batch in cut(events, pieces):
            grown.take(batch)
        assert different(whole, grown.said()) == {}, pieces


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_a_copy_of_a_text_that_was_edited_is_decided_again(pieces: int) -> None:
    near = article(1).replace("，", "、", 3)
    events = [item("a", article(1), order=1), item("b", near, order=2), item("a", article(2), order=3)]
    grown = Grown()
    for batch in cut(events, pieces):
        grown.take(batch)
    said = {d.id: (d.relation, d.cluster, d.published) for d in grown.said().values()}
    assert said == {"a": ("new", "a", True), "b": ("new", "b", True)}
