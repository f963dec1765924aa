"""A correction as a person meets it: an entry of a TOML file, written with what stands now."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.corpus.correcting import uncorrected_hash
from pipeline.corrections import FACTS
from pipeline.errors import UsageError
from pipeline.printable import plain
from pipeline.records import Document
from pipeline.tomlfile import written

KEYS = (*FACTS, "drop", "restore", "split", "join", "not_an_article", "not_a_copy_of")
"""What may be set."""

LISTS = frozenset({"drop", "restore", "split", "not_a_copy_of"})

SHOWN = 300
"""So many lines of a page are shown in a template, each so long; a longer page is looked at with `corpus extract`."""

HELP = "#:"
"""What the lines of a template begin with that are not written to the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A correction before it is written."""

    row: Document
    """What it corrects, as it stands."""
    page: str | None
    """Payload digest of its page; None: the archive is not here."""
    said: Mapping[str, Any]
    """What it changes: key → value, as `Correction.does` has it."""
    why: str
    by: str
    on: date


def settings(given: Sequence[str]) -> dict[str, Any]:
    """What `--set KEY=VALUE` says, by key; UsageError for a key there is not or a value that cannot be."""
    said: dict[str, Any] = {}
    for each in given:
        key, sign, value = each.partition("=")
        if not sign or key not in KEYS:
            raise UsageError(f"--set {each[:80]}: say KEY=VALUE, KEY one of {', '.join(KEYS)}")
        if key in LISTS:
            said.setdefault(key, []).append(_table(each, value) if value.startswith("{") else value)
        elif key in ("join", "not_an_article"):
            if value != "true":
                raise UsageError(f"--set {each[:80]}: can only be true")
            said[key] = True
        elif key == "published_on" and value:
            said[key] = _day(each, value)
        else:
            said[key] = value
    return said


def _table(each: str, value: str) -> Any:
    try:
        return tomllib.loads(f"it = {value}")["it"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--set {each[:80]}: no TOML table: {error}") from None


def _day(each: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UsageError(f"--set {each[:80]}: is not a day like 2026-11-01") from None


def entry(draft: Draft) -> str:
    """The entry of a correction, ready for its file."""
    return "".join(line + "\n" for line in [*_head(draft), *_says(draft.said)])


def template(draft: Draft, lines: Sequence[tuple[bool, str, str]]) -> str:
    """The entry with all that stands now behind `#`, and the page's `lines` (kept, rule, text) to quote from."""
    row = draft.row
    present = {name: getattr(row, name) for name in FACTS if name not in draft.said}
    parts = [
        *_head(draft),
        *_says(draft.said),
        f'{HELP} Take the # from what is wrong and write it right; "" says that there is none.',
        *(f"# {line}" for line in _says({name: value or "" for name, value in present.items()})),
        f"{HELP} A paragraph by how it begins, a block, or words alone; whole lines that were cut, to come back:",
        '# drop = ["…", { from = "…", to = "…" }, { words = "…" }]',
        '# restore = [{ line = "…", after = "…" }]',
        f"{HELP} Another article begins here; or: this is the end of the article before it on the page.",
        '# split = [{ at = "…", title = "…" }]',
        "# join = true",
        "# not_an_article = true",
        f"# not_a_copy_of = {written(list(row.related_to))}",
        f"{HELP}",
        f"{HELP} The page, line by line: + of the article, - cut",
    ]
    parts += [f"{HELP} {'+' if kept else '-'} {_bare(text)[:SHOWN]}" for kept, _, text in lines[:SHOWN]]
    return "".join(line + "\n" for line in parts)


def without_help(text: str) -> str:
    """A template that was filled in, without what was only there to help."""
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if line.startswith("[[")), 0)
    kept = [line for number, line in enumerate(lines) if number < first or not line.lstrip().startswith("#")]
    return "".join(line + "\n" for line in kept if line.strip())


def _head(draft: Draft) -> list[str]:
    row = draft.row
    about = {
        "id": row.id,
        "page": draft.page,
        "text": uncorrected_hash(row),
        "why": draft.why,
        "by": draft.by,
    }
    given = {name: value for name, value in about.items() if value or name == "why"}
    return [
        f"# {_bare(row.title or '')}",
        f"# {_bare(row.url)}",
        "[[correct]]",
        *_says(given | {"on": draft.on}),
    ]


def _bare(text: str) -> str:
    """A text as one line of a comment."""
    return plain(" ".join(text.split()))


def _says(said: Mapping[str, Any]) -> list[str]:
    short = {
        key: list(map(_short, value)) if isinstance(value, list | tuple) else value
        for key, value in said.items()
    }
    return [f"{key} = {written(value)}" for key, value in short.items()]


def _short(said: Any) -> Any:
    """One entry of a list as a person writes it: a quote alone where it says no more."""
    if not isinstance(said, Mapping):
        return said
    if "words" in said and "first" in said:
        if said["words"]:
            return {"words": said["first"]}
        return {"from": said["first"], "to": said["last"]} if said["last"] else said["first"]
    if "line" in said and said.get("after") is None:
        return said["line"]
    return said["at"] if "at" in said and not said.get("title") else said
