"""WACZ: WARC files with their page list in a ZIP file, and multi-WACZ, a list of such files.

As in https://specs.webrecorder.net/wacz/1.1.1/ (data in `archive/`, pages in `pages/*.jsonl`) and
https://specs.webrecorder.net/multi-wacz/0.1.0/ (`datapackage.json` with the profile multi-wacz-package).
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.archive import warc
from pipeline.web.urls import fetch_form

MAX_RATIO = 200
"""A member that unpacks to more than so many times its size is a bomb: WARC files in a WACZ are stored (ours)."""
MAX_PAGES = 64 << 20
"""Bytes read of one page list."""
MULTI = "multi-wacz-package"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """A page of the page list."""

    url: str
    """Fetch form."""
    at: datetime | None
    """`ts`."""
    text: str
    """The text that the crawler saw, rendered; empty: none."""


class Package:
    """An open WACZ file."""

    def __init__(self, file: zipfile.ZipFile, folder: Path, stack: ExitStack) -> None:
        self._file = file
        self._folder = folder
        self._stack = stack
        self._inner = [self._nested(name) for name in self._names(".wacz")]
        own = [page for name in self._names(".jsonl", "pages/") for page in self._listed(name)]
        self.pages: list[ListedPage] = own + [page for inner in self._inner for page in inner.pages]
        """What its page lists name, in their order."""

    def _names(self, ending: str, folder: str = "") -> list[str]:
        return sorted(n for n in self._file.namelist() if n.endswith(ending) and n.startswith(folder))

    def archives(self) -> Iterator[tuple[str, Path]]:
        """Name and a readable copy of each WARC file, one at a time: the copy goes with the next."""
        for ending in (".warc", ".warc.gz"):
            for name in self._names(ending, "archive/"):
                copy = self._copied(name, "record" + ending)
                yield name, copy
                copy.unlink()
        for inner in self._inner:
            yield from inner.archives()

    def _copied(self, name: str, to: str) -> Path:
        told = self._file.getinfo(name)
        if told.file_size > MAX_RATIO * max(1, told.compress_size):
            raise warc.Damaged(f"{name}: unpacks to {told.file_size} bytes from {told.compress_size}")
        path = self._folder / to
        with self._file.open(name) as packed, path.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        return path

    def _nested(self, name: str) -> Package:
        folder = Path(self._stack.enter_context(TemporaryDirectory(dir=self._folder)))
        path = self._copied(name, "nested.wacz")
        inner = self._stack.enter_context(zipfile.ZipFile(path.rename(folder / "nested.wacz")))
        return Package(inner, folder, self._stack)

    def _listed(self, name: str) -> Iterator[ListedPage]:
        with self._file.open(name) as stream:
            for line in stream.read(MAX_PAGES).splitlines():
                try:
                    told = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                url = fetch_form(str(told.get("url"))) if isinstance(told, dict) and told.get("url") else None
                if url is not None:
                    text = told.get("text")
                    at = warc.moment(str(told.get("ts") or ""))
                    yield ListedPage(url=url, at=at, text=text if isinstance(text, str) else "")


def is_wacz(path: Path) -> bool:
    """Whether a file is a ZIP file with WARC files, or with WACZ files, in it."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as file:
            return any(n.endswith(".wacz") or n.startswith("archive/") for n in file.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """A WACZ file; warc.Damaged when it is none, or breaks on the way."""
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            file = stack.enter_context(zipfile.ZipFile(path))
            yield Package(file, folder, stack)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, KeyError) as error:
            raise warc.Damaged(f"no whole WACZ file: {error}") from error


def members(path: Path) -> list[str] | None:
    """The paths that a multi-WACZ list (`datapackage.json`) names; None when the file is none."""
    try:
        told = json.loads(path.read_bytes()[:MAX_PAGES])
    except (OSError, ValueError, RecursionError):
        return None
    if (
        not isinstance(told, dict)
        or told.get("profile") != MULTI
        or not isinstance(told.get("resources"), list)
    ):
        return None
    resources = [each for each in told["resources"] if isinstance(each, dict)]
    return [str(each.get("path") or each.get("name") or "") for each in resources]
