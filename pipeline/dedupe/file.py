"""Deduplicate any collection of texts, one JSON object a line, without a crawl: `corpus dedupe FILE.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

from pipeline.dedupe.comparison import PARTLY
from pipeline.dedupe.records import Decision
from pipeline.dedupe.run import DedupeIndex, Item, dedupe


def dedupe_file(
    lines: Iterable[str], *, batch: int | None = None, work: Path | None = None
) -> Iterator[dict[str, object]]:
    """The relation of every text to those before it, one row a document in input order, when all are read.

    A line holds `{"id", "site", "url", "title", "text", "published_on"?, "fetched_at"?}`, `id` and `text`
    at least, in the order of the crawl; dates are ISO 8601. `batch`: texts are compared in increments of
    this many; None: all at once. `work`: a folder for the texts and the index of a collection too large for
    memory. A row is `{"id", "cluster", "relation", "of", "score", "rule"}`, and `"note"` where not everything
    was compared, in words. Raises ValueError naming the line for what is not such an object and for an id given
    twice.
    """
    rows: dict[str, dict[str, object]] = {}
    partly: dict[str, str] = {}
    index = DedupeIndex.open(None)
    with closing(_TextFile(work) if work else _Texts()) as texts:
        for number, items in enumerate(_batches(lines, batch)):
            for item in items:
                texts.put(item.id, item.text)
            deduped = dedupe(items, index, texts)
            partly |= deduped.partly
            for decision in (*deduped.decisions, *deduped.revised):
                rows[decision.id] = _row(decision, partly)
            if work:
                index.write(work / f"index-{number}")
                rmtree(work / f"index-{number - 1}", ignore_errors=True)
    yield from rows.values()


def _batches(lines: Iterable[str], size: int | None) -> Iterator[list[Item]]:
    seen: dict[str, int] = {}
    items: list[Item] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        item = _item(line, number)
        if item.id in seen:
            raise ValueError(f"line {number}: id {item.id!r} was given on line {seen[item.id]}")
        seen[item.id] = number
        items.append(item)
        if size and len(items) == size:
            yield items
            items = []
    if items:
        yield items


def _item(line: str, number: int) -> Item:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number}: not valid JSON: {error}") from None
    if not isinstance(row, dict):
        raise ValueError(f"line {number}: not a JSON object")
    for name in ("id", "text"):
        if not isinstance(row.get(name), str):
            raise ValueError(f"line {number}: {name!r} is not a string")
    try:
        published_on, fetched_at = _day(row.get("published_on")), _time(row.get("fetched_at"))
    except (ValueError, TypeError) as error:
        raise ValueError(f"line {number}: {error}") from None
    return Item(
        id=row["id"],
        site=_string(row, "site"),
        url=_string(row, "url"),
        title=_string(row, "title"),
        text=row["text"],
        published_on=published_on,
        fetched_at=fetched_at,
    )


def _string(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value[:10]) if value else None


def _time(value: str | None) -> datetime | None:
    if not value:
        return None
    time = datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _row(decision: Decision, partly: Mapping[str, str]) -> dict[str, object]:
    note = {"note": PARTLY[partly[decision.id]]} if decision.id in partly else {}
    return {
        "id": decision.id,
        "cluster": decision.cluster,
        "relation": decision.relation,
        "of": list(decision.of),
        "score": decision.score,
        "rule": decision.rule,
        **note,
    }


class _Texts:
    """The texts by id, in memory."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def put(self, name: str, text: str) -> None:
        self._texts[name] = text

    def __call__(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self._texts[name] for name in names if name in self._texts}

    def close(self) -> None:
        self._texts.clear()


class _TextFile:
    """The texts by id, in a file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "texts").open("w+b")
        self._places: dict[str, tuple[int, int]] = {}

    def put(self, name: str, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self._places[name] = (self._file.seek(0, 2), len(data))
        self._file.write(data)

    def __call__(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self._read(*self._places[name]) for name in names if name in self._places}

    def _read(self, offset: int, length: int) -> str:
        self._file.seek(offset)
        return self._file.read(length).decode("utf-8", "surrogatepass")

    def close(self) -> None:
        self._file.close()
