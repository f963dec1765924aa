"""Real Chinese texts of the machine and of unpacked packages: where they are, and how each kind is read.

A folder given holds a folder NAME=VERSION for each package (a .deb, a wheel or an npm package, unpacked): prose in
Markdown, reStructuredText, HTML, Mallard, message catalogs, plain text and strings of JSON and YAML. Program text is
left out, and code of HTML too, which extraction hands over as such. Nothing of the texts is kept.
"""

from __future__ import annotations

import gettext
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lxml.html

from pipeline.rules.han import HAN

PLACES = (
    "/usr/share/locale/zh_*/LC_MESSAGES/*.mo",
    "/usr/share/man/zh_*/*/*.gz",
    "/usr/share/vim/*/tutor/tutor.zh_*.utf-8",
)
LEAST_HAN = 200
MOST_OF_A_PACKAGE = 600_000
"""Characters, so that no package says it all."""
CHINESE = re.compile(f"[{HAN}]")
_BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "td", "th", "dt", "dd", "title"}
_CODE = ("pre", "code", "tt", "kbd", "samp", "cmd", "screen")
_ROFF = re.compile(r"^[.'].*\n?|\\f.|\\-|\\&", re.MULTILINE)
_ESCAPE = re.compile("\x1b\\[[0-9;]*m")
_PROSE = {
    ".md",
    ".rst",
    ".txt",
    ".html",
    ".htm",
    ".xhp",
    ".page",
    ".mo",
    ".gz",
    ".json",
    ".jsonl",
    ".yml",
    ".u8",
    "",
}
_STRING = re.compile(r"^[ \-]*(?:\w+: )?(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealText:
    """A file's text, and what it is called wherever the same package is unpacked."""

    package: str
    """Name and version, NAME=VERSION, or `machine`."""
    file: str
    """Path inside the package."""
    kind: str
    """Suffix of the file, without its dot; `text` where it has none."""
    text: str
    """What it says."""

    @property
    def half(self) -> int:
        """0 or 1: files of one half were looked at when rules were made, those of the other never."""
        return hashlib.sha256(f"{self.package.split('=')[0]}/{self.file}".encode()).digest()[0] % 2


def texts(folders: list[Path], most: int) -> Iterator[RealText]:
    """The texts of the machine, if no folder is given, or of the folders' packages, each with 200 Han at least.

    `most`: characters read of a file. A text that was read before, under whatever name, is left out.
    """
    read: Counter[str] = Counter()
    seen: set[bytes] = set()
    for package, file, path in _files(folders):
        text = _text(path)[:most]
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if digest in seen or read[package] > MOST_OF_A_PACKAGE or len(CHINESE.findall(text)) < LEAST_HAN:
            continue
        seen.add(digest)
        read[package] += len(text)
        yield RealText(package=package, file=file, kind=path.suffix[1:] or "text", text=text)


def _files(folders: list[Path]) -> Iterator[tuple[str, str, Path]]:
    if not folders:
        for pattern in PLACES:
            yield from (("machine", str(path), path) for path in sorted(Path("/").glob(pattern[1:])))
    for package in (package for folder in folders for package in sorted(folder.iterdir())):
        found = {str(path.relative_to(package)): path for path in package.rglob("*")}
        # by hash, so that the characters read of a package come from all over it
        for file in sorted(found, key=lambda file: hashlib.sha256(file.encode()).digest()):
            path = found[file]
            if path.suffix in _PROSE and path.is_file() and not path.is_symlink():
                yield package.name, file, path


def _text(path: Path) -> str:
    """The text of a file; empty for what cannot be read."""
    try:
        if path.suffix == ".mo":
            with path.open("rb") as stream:
                catalog = gettext.GNUTranslations(stream)._catalog
            return "\n\n".join(text for text in catalog.values() if CHINESE.search(text))
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if path.suffix in {".html", ".htm", ".xhp", ".page"}:
            return _of_html(data)
        text = data.decode("utf-8")
        if path.suffix in {".json", ".jsonl"}:
            return "\n\n".join(
                string
                for value in _values(path, text)
                for string in _strings(value)
                if CHINESE.search(string)
            )
    except (OSError, ValueError, EOFError, RecursionError, lxml.etree.LxmlError):
        return ""
    if path.suffix == ".yml":
        return _STRING.sub(r"\1", text)
    return _ROFF.sub("", text) if re.search(r"\.\d[a-z]*\.gz$", path.name) else _ESCAPE.sub("", text)


def _of_html(data: bytes) -> str:
    document = lxml.html.fromstring(data, parser=lxml.html.HTMLParser(encoding="utf-8"))
    for code in list(document.iter(*_CODE)):
        if code.tag in {"pre", "screen"}:
            code.clear()
        else:
            code.text, tail = f"`{code.text_content()}`", code.tail
            for inner in list(code):
                code.remove(inner)
            code.tail = tail
    lines = (
        element.text_content().strip() for element in document.iter(*_BLOCKS) if not _holds_block(element)
    )
    return "\n".join(line for line in lines if line)


def _holds_block(element: lxml.html.HtmlElement) -> bool:
    return any(inner is not element for inner in element.iter(*_BLOCKS))


def _values(path: Path, text: str) -> Iterator[object]:
    if path.suffix == ".json":
        yield json.loads(text)
    else:
        yield from (json.loads(line) for line in text.split("\n") if line.strip())


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
