"""What workers found out about texts before these are decided one after the other: sketches, and verdicts on pairs.

All of it follows from the texts alone, so that a decision is the same whether it was found ahead or is worked out when
it is asked for. What is not here is worked out: the pair that nobody foresaw, the text that was corrected since, what
a lost batch would have said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedupe.overlap import NOTHING, Overlap, Side
from pipeline.dedupe.prepared import Prepared
from pipeline.dedupe.records import CONTAINED_IN, CONTAINS, Member
from pipeline.dedupe.relate import Relation, step
from pipeline.dedupe.sketch import Hashes
from pipeline.dedupe.tables import key_of

_SIDE = pa.struct(
    {
        "length": pa.int64(),
        "coverage": pa.float64(),
        "density": pa.float64(),
        "runs": pa.list_(pa.list_(pa.int64())),
        "blocks": pa.list_(pa.int64()),
        "inner": pa.int64(),
        "passages": pa.int64(),
        "tail": pa.int64(),
    }
)
_RELATION = pa.struct(
    {"relation": pa.string(), "rule": pa.string(), "kind": pa.string(), "conflicts": pa.list_(pa.string())}
)
VERDICTS = pa.schema(
    {
        "print": pa.uint64(),
        "of_print": pa.uint64(),
        "said": pa.uint64(),
        "of_said": pa.uint64(),
        "relations": pa.list_(_RELATION),
        "a": _SIDE,
        "b": _SIDE,
    }
)
"""Pairs of texts, the later one first, and what `judge_ahead` says of them."""

_NO_GRAMS = np.zeros(0, bool)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two texts are to each other, measured ahead."""

    relations: tuple[Relation, ...]
    """What holds in each case of `relate.step`; one where it is the same in all."""
    overlap: Overlap
    """The measurement, without its grams."""

    def relation(self, rare: float, common: float) -> Relation:
        """What holds when others have this share of what the two have in common (`evidence.Circumstances`)."""
        return self.relations[step(rare, common) if len(self.relations) > 1 else 0]

    @property
    def asks_for_texts(self) -> bool:
        """Whether the texts may be wanted, to find the span where one stands in the other."""
        return any(each.relation in {CONTAINS, CONTAINED_IN} for each in self.relations)


def said(digest: int, title: str, site: str, published_on: date | None) -> int:
    """Hash of what of a document beside its key decides a relation."""
    return key_of(f"{digest}\n{title}\n{site}\n{published_on}")


def verdict_row(
    pair: tuple[int, int], says: tuple[int, int], relations: Sequence[Relation], overlap: Overlap
) -> dict[str, Any]:
    """The row of a pair; the measurement of one that is not related is not kept."""
    is_related = any(each.relation for each in relations)
    row = {"print": pair[0], "of_print": pair[1], "said": says[0], "of_said": says[1]}
    sides = {"a": asdict(overlap.a), "b": asdict(overlap.b)} if is_related else {"a": None, "b": None}
    return row | {"relations": [asdict(each) for each in relations]} | sides


class Ahead:
    """What the files of a folder say, in the order the texts are compared in."""

    def __init__(self, files: Sequence[tuple[Path, Hashes]] = ()) -> None:
        """`files`: the texts of each batch, and their prints."""
        self._files = [file for file, _ in files]
        prints = np.concatenate([np.zeros(0, np.uint64), *(prints for _, prints in files)])
        self._order = np.argsort(prints, kind="stable")
        self._prints = prints[self._order]
        self._starts = np.cumsum([0, *(len(prints) for _, prints in files)])
        # a text and what it is compared with mostly stand in the newest files
        self._sketches = lru_cache(maxsize=16)(_sketches)
        self._verdicts = lru_cache(maxsize=4)(_verdicts)

    def _find(self, print_: int) -> tuple[Path, int] | None:
        at = int(self._prints.searchsorted(np.uint64(print_)))
        if at == len(self._prints) or int(self._prints[at]) != print_:
            return None
        number = int(self._order[at])
        file = int(self._starts.searchsorted(number, "right")) - 1
        return self._files[file], number - int(self._starts[file])

    def sketch(self, print_: int) -> Hashes | None:
        """The sketch of a text; None: it was not seen."""
        found = self._find(print_)
        if found is None:
            return None
        hashes, ends = self._sketches(found[0])
        return hashes[ends[found[1]] : ends[found[1] + 1]]

    def verdict(self, work: Prepared, member: Member) -> Verdict | None:
        """What a text is to an earlier one; None: they were not compared, or not as they are now."""
        found = self._find(work.print) if self._files else None
        row = self._verdicts(found[0]).get((work.print, member.print)) if found else None
        if row is None:
            return None
        item = work.item
        here = said(key_of(item.text), item.title, item.site, item.published_on)
        there = said(member.digest, member.title, member.site, member.published_on)
        return row[1] if row[0] == (here, there) else None


def texts_file(folder: Path, name: str) -> Path:
    """Where the texts of a batch stand as they are compared."""
    return folder / f"{name}.arrow"


def verdicts_file(texts: Path) -> Path:
    """Where what was found about them stands."""
    return texts.with_suffix(".verdicts.parquet")


def _sketches(texts: Path) -> tuple[Hashes, np.ndarray[Any, np.dtype[np.int64]]]:
    with pa.memory_map(str(texts)) as source:
        column = pa.ipc.open_file(source).read_all()["sketch"].combine_chunks()
    return column.values.to_numpy(), column.offsets.to_numpy().astype(np.int64)


def _verdicts(texts: Path) -> Mapping[tuple[int, int], tuple[tuple[int, int], Verdict]]:
    file = verdicts_file(texts)
    rows = pq.read_table(file).to_pylist() if file.is_file() else []
    return {
        (row["print"], row["of_print"]): (
            (row["said"], row["of_said"]),
            Verdict(
                tuple(
                    Relation(**each | {"conflicts": tuple(each["conflicts"])}) for each in row["relations"]
                ),
                Overlap(a=_side(row["a"]), b=_side(row["b"]), matched_a=_NO_GRAMS, matched_b=_NO_GRAMS)
                if row["a"]
                else NOTHING,
            ),
        )
        for row in rows
    }


def _side(row: dict[str, Any]) -> Side:
    runs = tuple((start, end) for start, end in row["runs"])
    return Side(**row | {"runs": runs, "blocks": tuple(row["blocks"])})


NOTHING_AHEAD = Ahead()
