"""The rule tables, one entry a line with its reason, and the fingerprint of all that makes an output.

A row of the corpus depends on modules, on the tables they ask for and on libraries. `fingerprint` finds all three
by reading the code, so that none is ever forgotten: no list is kept by hand.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import distributions, version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


@cache
def table(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of `rules/<name>.tsv`, each a tuple of its tab-separated cells, the reason (if any) last.

    Lines that are empty or begin with `#` are left out. Raises ValueError, with file and line, for a row of
    another width than the first, FileNotFoundError for a table that is not there.
    """
    path = PACKAGE / "rules" / f"{name}.tsv"
    rows: list[tuple[str, ...]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            rows.append(tuple(line.split("\t")))
            if len(rows[-1]) != len(rows[0]):
                raise ValueError(f"{path.name}:{number}: {len(rows[-1])} cells, not {len(rows[0])}")
    return tuple(rows)


@cache
def fingerprint(name: str, package: Path = PACKAGE) -> str:
    """32 hex digits over what makes the output of a room ("extract") or module ("corpus.pages"): see `parts`."""
    digest = sha256()
    for key, content in sorted(_parts(name, package).items()):
        digest.update(key.encode() + b"\0" + sha256(content).digest())
    return digest.hexdigest()[:32]


def parts(name: str, package: Path = PACKAGE) -> dict[str, str]:
    """What makes the output of a room or module: each part with 12 hex digits of its hash, a library with its version.

    These are: its modules and those of ours they import, in turn; each table one of them asks for; the version
    of each library one of them imports (`lib/NAME`); Unicode's. Equal only where all are equal to the byte. Raises
    ValueError for a table asked for by anything but a plain string, which could not be found by reading.
    """
    return {
        key: content.decode() if key.startswith("lib/") else sha256(content).hexdigest()[:12]
        for key, content in _parts(name, package).items()
    }


def _parts(name: str, package: Path) -> dict[str, bytes]:
    parts = {"unicode": unicodedata.unidata_version.encode()}
    place = package.joinpath(*name.split("."))
    todo = sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    while todo:
        path = todo.pop()
        key = path.relative_to(package).as_posix()
        if key in parts:
            continue
        parts[key] = path.read_bytes()
        needs = _needs(parts[key])
        todo += [_module(package, dotted) for dotted in needs.modules if dotted[0] == package.name]
        parts |= {f"rules/{t}.tsv": (package / "rules" / f"{t}.tsv").read_bytes() for t in needs.tables}
        parts |= {f"lib/{lib}": _version(lib) for lib in needs.libraries}
    return parts


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a module asks for, as its source says it."""

    modules: frozenset[tuple[str, ...]]
    tables: frozenset[str]
    libraries: frozenset[str]


_STATEMENT = re.compile(
    r"""
      \#[^\n]*
    | (?<![\w.])(?<!def[ ])table\(\s*(?P<table>"[^"\n]*"|'[^'\n]*'|[^,)]*)
    | \"{3}(?:[^\\]|\\.)*?\"{3} | '{3}(?:[^\\]|\\.)*?'{3}
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    | ^[ ]*from[ ]+(?P<base>[\w.]+)[ ]+import[ ]+(?P<names>\((?:[^)\#]++|\#[^\n]*+)*+\)|[^\n\#]*)
    | ^[ ]*import[ ]+(?P<whole>[^\n\#]*)
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
"""Imports and tables asked for; comments and strings, in which such words are none, are taken first. As the formatter
sets code, which a test holds against Python's own reading of every module: that takes twenty times as long."""
_NAME = re.compile(r"#[^\n]*|([\w.]+)(?:[ \t]+as[ \t]+\w+)?")


@cache
def _needs(source: bytes) -> _Needs:
    modules: set[tuple[str, ...]] = set()
    tables: set[str] = set()
    for found in _STATEMENT.finditer(source.decode()):
        if found["whole"] is not None:
            modules |= {tuple(name.split(".")) for name in _NAME.findall(found["whole"]) if name}
        elif found["base"] is not None:
            base = tuple(found["base"].split("."))
            modules |= {(*base, name) for name in _NAME.findall(found["names"]) if name}
        elif (given := found["table"]) is not None:
            if given[:1] not in ("'", '"'):
                raise ValueError(f"table({given}): name the table with a plain string")
            tables.add(given[1:-1])
    tops = {dotted[0] for dotted in modules} - sys.stdlib_module_names - {PACKAGE.name}
    found_in = {library for top in tops for library in _distributions().get(top, ())}
    return _Needs(frozenset(modules), frozenset(tables), frozenset(found_in))


@cache
def _module(package: Path, dotted: tuple[str, ...]) -> Path:
    """The file that `from a.b import c` reads: module c of package b, or b itself."""
    inner = package.joinpath(*dotted[1:])
    outer = inner.parent
    choices = (
        inner.with_suffix(".py"),
        inner / "__init__.py",
        outer.with_suffix(".py"),
        outer / "__init__.py",
    )
    return next(path for path in choices if path.is_file())


@cache
def _version(library: str) -> bytes:
    return version(library).encode()


@cache
def _distributions() -> dict[str, list[str]]:
    """Top-level name → the distributions it comes from, as their `top_level.txt` says or the list of their files."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in distributions():
        said = (each.read_text("top_level.txt") or "").split()
        files = () if said else (each.read_text("RECORD") or "").splitlines()
        tops = {*said, *(line.partition(",")[0].split("/")[0].removesuffix(".py") for line in files)}
        name = _named(each.read_text("METADATA") or each.read_text("PKG-INFO") or "")
        for top in tops if name else ():
            found[top].add(name)
    return {top: sorted(names) for top, names in found.items()}


def _named(metadata: str) -> str:
    """The name that the metadata of a distribution gives it."""
    told = re.search(r"^Name:[ \t]*(\S+)", metadata, re.MULTILINE | re.IGNORECASE)
    return told[1] if told else ""
