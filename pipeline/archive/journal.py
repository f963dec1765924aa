"""A journal of repairs: a record a line, as JSON, read strictly and written whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pipeline.archive.store import write_whole
from pipeline.errors import CorpusError

T = TypeVar("T")

NAME = "repairs.jsonl"


def read_journal(path: Path, record: Callable[[dict[str, Any]], T]) -> list[T]:
    """The records of a journal, oldest first, none without the file; CorpusError names the line that does not read."""
    found: list[T] = []
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, 1):
        try:
            found.append(record(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise CorpusError(
                f"{path}:{number}: not a line that a repair wrote ({error}); put it right by hand"
            ) from None
    return found


def write_journal(path: Path, records: Iterable[Any]) -> None:
    """Write the records (dataclasses) in place of what the journal said."""
    lines = (json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in records)
    write_whole(path, "".join(lines).encode())
