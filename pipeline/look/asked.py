"""What a page is asked for: the folders it reads, the parts of its path, and the filters in its query string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipeline.corpus.read import version_folder
from pipeline.errors import UsageError
from pipeline.folders import Folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, as the modules of the pages see it."""

    folders: Folders
    """Archive, corpus and source files."""
    path: Mapping[str, str] = field(default_factory=dict)
    """What stands in the address, by name."""
    query: Mapping[str, str] = field(default_factory=dict)
    """The filters; of one that is given twice the last."""

    def text(self, name: str) -> str:
        """A filter without the spaces round it; "" where it is not set."""
        return self.query.get(name, "").strip()

    def day(self, name: str) -> date | None:
        """A filter that is a day; UsageError for one that is none."""
        said = self.text(name)
        try:
            return date.fromisoformat(said) if said else None
        except ValueError:
            raise UsageError(f"{name}={said}: a day looks like 2026-11-30") from None

    @property
    def version(self) -> Path:
        """The folder of the version asked for in the address or the query string, or of the latest."""
        return version_folder(self.folders.clean, self.path.get("version") or self.text("version") or None)
