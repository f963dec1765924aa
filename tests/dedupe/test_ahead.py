"""What workers find out ahead: the same as what is worked out when it is asked for."""

from __future__ import annotations

import random
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from pipeline.dedupe import phases
from pipeline.dedupe.ahead import Ahead
from pipeline.dedupe.candidates import COMMON
from pipeline.dedupe.evidence import Circumstances
from pipeline.dedupe.furniture import edge_lines
from pipeline.dedupe.phases import FIRST, Runs, compare, pair_up, sketch_texts
from pipeline.dedupe.prepared import prepare
from pipeline.dedupe.records import Item
from pipeline.dedupe.relate import judge, judge_ahead, step
from pipeline.dedupe.sketch import shingles, sketch, text_key
from pipeline.dedupe.sorted_pairs import mapped
from tests.corpus.articles import article, item, sentences


def mixed(number: int) -> str:
    """A text with so much of one article and the rest of another, in pieces of some length."""
    chance = random.Random(number)
    one, other = sentences(1), sentences(2 + number % 3)
    start, size = chance.randrange(8), chance.randrange(3, 12)
    return "".join(other[:start] + one[start : start + size] + other[start + chance.randrange(4) :])


def test_a_verdict_holds_whatever_others_have_of_what_two_share() -> None:
    texts = [shingles(text_key(mixed(number))) for number in range(14)]
    shares = (0.0, 0.29, 0.3, 0.5, 0.6, 0.79, 0.8, 1.0)
    asked = 0
    for a, b in combinations(texts, 2):
        ahead, overlap = judge_ahead(a, b, Circumstances(days=None, titles=("", ""), rare=lambda: 0.0))
        asked += len(ahead) > 1
        for rare in shares:
            for common in shares:
                known = Circumstances(
                    days=None, titles=("", ""), rare=partial(float, rare), common=partial(float, common)
                )
                relation, measured = judge(a, b, known)
                assert ahead[step(rare, common) if len(ahead) > 1 else 0] == relation
                assert (measured.a, measured.b) == (overlap.a, overlap.b)
    assert asked > 5


def looked(folder: Path, *runs: list[Item], parts: int = 3) -> tuple[Ahead, Runs]:
    """What all phases find of some runs of texts."""
    told = Runs.of(folder, [sketch_texts(items, {}, folder, f"run-{n}") for n, items in enumerate(runs)])
    file = told.write()
    for part in range(parts):
        pair_up(file, part, parts)
    for run in range(len(runs)):
        compare(file, run)
    files = zip(told.names, told.starts, told.starts[1:], strict=False)
    return Ahead([(phases.texts_file(folder, name), told.prints[a:b]) for name, a, b in files]), told


def test_a_text_is_sketched_as_it_would_be(tmp_path: Path) -> None:
    items = [item(f"a{n}", article(n), order=n) for n in range(5)] + [item("short", "太短", order=9)]
    items.append(item("long", "".join(sentences(1, 12_000)), order=10))
    ahead, _ = looked(tmp_path, items[:2], items[2:])
    for each in items:
        work = prepare(each, ())
        found = ahead.sketch(work.print)
        assert found is not None
        assert np.array_equal(found, sketch(shingles(work.key)))
    assert ahead.sketch(prepare(item("a0", article(7)), ()).print) is None


def test_the_later_of_two_meets_the_earlier_in_whatever_run_it_is(tmp_path: Path) -> None:
    late, early = item("late", article(1), order=2), item("early", article(1) + article(3), order=1)
    _, told = looked(tmp_path, [late], [early])
    pairs = np.concatenate([mapped(file) for file in sorted(tmp_path.glob("pairs-*"))], axis=1)
    assert set(pairs[0].tolist()) == {0}
    assert set((pairs[1] >> np.uint64(16)).tolist()) == {1}
    one, other = (sketch(shingles(prepare(each, ()).key)) for each in (late, early))
    shared = np.intersect1d(one, other)
    assert sum((pairs[1] & np.uint64(0xFFFF)).tolist()) == len(shared)
    assert told.places.tolist() == [1, 0]


def test_ranges_have_about_as_many_hashes_each_and_lose_none(tmp_path: Path) -> None:
    runs = [[item(f"{run}-{n}", article(run * 40 + n, 40), order=n) for n in range(40)] for run in range(2)]
    told = Runs.of(tmp_path, [sketch_texts(items, {}, tmp_path, f"run-{n}") for n, items in enumerate(runs)])
    hashes = np.concatenate([mapped(file)[0] for file in sorted(tmp_path.glob("*.hashes.npy"))])
    assert len(told.cuts) >= 4
    for parts in (1, 3, 200):
        bounds = [told.between(part, parts) for part in range(parts)]
        assert (bounds[0][0], bounds[-1][1]) == (0, 1 << 64)
        assert all(before[1] == after[0] for before, after in pairwise(bounds))
    sizes = [
        np.count_nonzero((hashes >= low) & (hashes < high))
        for low, high in map(told.between, range(3), [3] * 3)
    ]
    assert max(sizes) < 2 * len(hashes) / 3


def test_a_text_that_equals_an_earlier_one_meets_none(tmp_path: Path) -> None:
    looked(tmp_path, [item("a", article(1), order=1), item("b", article(1), order=2)])
    assert all(not mapped(file).size for file in tmp_path.glob("pairs-*"))


def test_of_a_hash_that_all_have_the_first_are_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "PAIRS_AT_ONCE", 500)
    notice = "".join(sentences(99, 6))
    items = [item(f"{n:03d}", notice + article(n, 4), order=n) for n in range(COMMON + 20)]
    looked(tmp_path, items, parts=1)
    pairs = mapped(tmp_path / "pairs-00000.npy")
    for later in (10, COMMON + 10):
        met = (pairs[1, pairs[0] == later] >> np.uint64(16)).tolist()
        assert met == list(range(min(later, FIRST)))


def test_a_text_with_anothers_furniture_is_compared_where_the_texts_are(tmp_path: Path) -> None:
    frame = "\n".join(sentences(70, 3))
    origin = item("a", f"{frame}\n{article(1)}", site="origin", order=1)
    repeated = {"origin": set(edge_lines(frame))}
    for name, text in (("framed", origin.text + "。补记。"), ("plain", article(1) + "\n补记。")):
        copy = item(name, text, order=2)
        folder = tmp_path / name
        told = Runs.of(folder, [sketch_texts([origin, copy], repeated, folder, "run-0")])
        pair_up(file := told.write(), 0, 1)
        assert compare(file, 0) == (name == "plain")
