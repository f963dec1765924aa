"""Which pages a change of the phrases can touch: those in which they were asked about a line that it answers to.

`rules/boilerplate.tsv` is what people change most, a line at a time. Extraction comes to it with single lines of a page
and with nothing else (`extract.boilerplate.noting`), and a shard keeps them: where none of a page's lines is answered
by a rule that came, went or was altered, every answer is as it was, and so is the page's row. Any other change of code,
of a table or of a library is of no such kind: then all pages are extracted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from pipeline.archive.store import write_whole
from pipeline.rules import fingerprint, parts, table

TABLE = "rules/boilerplate.tsv"
"""The part of extraction's fingerprint that the phrases are."""

FILE = "rules.json"
"""Of a folder of extract shards: the fingerprint they were made by, its parts, and the lines of the phrases."""


def note(folder: Path) -> None:
    """Write what the shards of a folder are made by, where it is not written yet."""
    if not (folder / FILE).is_file():
        said = {
            "fingerprint": fingerprint("corpus.pages"),
            "parts": parts("corpus.pages"),
            "phrases": table("boilerplate"),
        }
        write_whole(folder / FILE, json.dumps(said, ensure_ascii=False, indent=0).encode())


def earlier(work: Path) -> Iterator[tuple[str, list[Sequence[str]]]]:
    """The fingerprints of extract shards made by other phrases alone, each with the lines that are others now."""
    now = parts("corpus.pages")
    for path in sorted(work.glob(f"extract-*/{FILE}")):
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            before, rows = said["parts"], said["phrases"]
            if {key for key in now.keys() | before.keys() if now.get(key) != before.get(key)} == {TABLE}:
                yield said["fingerprint"], changed(rows, table("boilerplate"))
        except (OSError, ValueError, KeyError):
            continue  # it tells nothing, so nothing of its folder is used


def changed(before: Sequence[Sequence[str]], now: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The lines of two states of the file that do not stand in both in the same order; a reason is no part of one.

    The first rule that fits names a line, so one that only moved counts too.
    """
    old, new = ([tuple(row[:4]) for row in rows] for rows in (before, now))
    found: list[Sequence[str]] = []
    for word, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        found += [*old[a:b], *new[c:d]] if word != "equal" else []
    return list(dict.fromkeys(found))
