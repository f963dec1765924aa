"""The files of a published version, each checked against its sum before it is read.

A byte that flipped on a disk must not come out of a build under a fresh sum: what a build takes over from its
parent by hard link keeps the parent's sum (publish.py), what it opens is checked first.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.archive.store import sha256_of
from pipeline.corpus.publish import read_manifest
from pipeline.errors import CorpusError


class Sums:
    """The sums of a version's manifest, and which of its files were found whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = read_manifest(folder).files
        self._sums = {file.file: file.sha256 for file in files}
        self._rows = {file.file: file.rows for file in files}
        self._whole: set[str] = set()

    def rows(self, file: str) -> int | None:
        """How many rows a file has by the manifest; None: it says nothing of it."""
        return self._rows.get(file)

    def check(self, files: Iterable[str]) -> None:
        """CorpusError names the first of these files that is missing or not as it was published."""
        for file in self.damaged(files):
            raise CorpusError(
                f"{self.folder / file}: missing, or not as it was published. Nothing was published now; put the"
                " file back, or make a version anew from the archive with `corpus rebuild`"
            )

    def check_folder(self, name: str) -> None:
        """The same of every file below a folder of the version."""
        self.check(sorted(file for file in self._sums if file.startswith(f"{name}/")))

    def present(self, name: str) -> None:
        """CorpusError where a file below a folder of the version is missing; nothing is read."""
        for file in sorted(self._sums):
            if file.startswith(f"{name}/") and not (self.folder / file).is_file():
                self.check([file])

    def damaged(self, files: Iterable[str]) -> list[str]:
        """Those of these files that are missing or not as they were published; each is read once."""
        found = []
        for file in files:
            if file in self._whole or file not in self._sums:
                continue
            path = self.folder / file
            if path.is_file() and sha256_of(path) == self._sums[file]:
                self._whole.add(file)
            else:
                found.append(file)
        return found
