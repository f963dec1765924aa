"""Which versions never go: `clean/PINNED`, a version a line, written by hand or by `corpus pin`."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.archive.store import write_whole
from pipeline.corpus.read import list_versions, named, version_folder
from pipeline.errors import RefusedError

PINS = "PINNED"
_PIN = re.compile(r"\d{1,9}\.\d{1,9}(?:\.\d{1,9})?")


def pinned(clean: Path) -> set[str]:
    """The versions that are pinned; `2.37` pins every revision of it.

    A line may end with a comment behind `#`. RefusedError names the line that is no version of this corpus: a pin
    that nobody understands must not let a version go.
    """
    return {version for _, versions in _lines(clean) for version in versions}


def pin(clean: Path, version: str) -> str:
    """Pin a version; its full name. UsageError where there is none such."""
    name = version_folder(clean, version).name
    if name not in pinned(clean):
        _write(clean, [*(line for line, _ in _lines(clean)), name])
    return name


def unpin(clean: Path, version: str) -> str:
    """Take the pin of a version away; its full name. RefusedError where it has none."""
    name = version_folder(clean, version).name
    lines = _lines(clean)
    left = [line for line, versions in lines if name not in versions]
    if len(left) == len(lines):
        raise RefusedError(f"{clean / PINS}: {name} is not pinned")
    _write(clean, left)
    return name


def move(clean: Path, was: str, now: str, why: str) -> None:
    """Let the pins of a revision that goes mean the one that takes its place; a pin of `2.37` does already."""
    path = clean / PINS
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    moved = []
    for line in lines:
        said, _, comment = line.partition("#")
        told = "; ".join(each for each in (f"was {was}: {why}", comment.strip()) if each)
        moved.append(f"{now}  # {told}" if said.strip() == was else line)
    if moved != lines:
        _write(clean, moved)


def _lines(clean: Path) -> list[tuple[str, list[str]]]:
    """Each line, and the versions that it pins."""
    path = clean / PINS
    if not path.is_file():
        return []
    have = list_versions(clean)
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        said = line.partition("#")[0].strip()
        versions = named(have, said)
        if said and not (_PIN.fullmatch(said) and versions):
            raise RefusedError(
                f"{path}, line {number}: {said!r} is no version here; a line is one version, as 2.37 or 2.37.0;"
                f" there are {', '.join(have)}"
            )
        found.append((line, versions if said else []))
    return found


def _write(clean: Path, lines: list[str]) -> None:
    write_whole(clean / PINS, "".join(f"{line}\n" for line in lines).encode())
