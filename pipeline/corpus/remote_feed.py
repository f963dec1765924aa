"""The change feed that stands beside the versions at a URL: only the files between two versions are fetched."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import pyarrow as pa

from pipeline.corpus import feed
from pipeline.corpus.read import CHANGES_FILE
from pipeline.corpus.remote import HUB, Place, fetch, place, version_at
from pipeline.errors import CorpusError, UsageError


@dataclass(frozen=True, slots=True)
class _File:
    parent: str | None
    """The version upon which its own was made."""
    rows: pa.Table


def read_changes(url: str, since: str, until: str | None) -> pa.Table:
    """What leads from one version to another, as `read.read_changes` gives it; a file a release is fetched.

    UsageError where a version is none or a file on the way is missing, CorpusError where one is damaged.
    """
    if url.startswith(HUB):
        raise UsageError(f"{url}: a tag a version there, and no feed; each has a {CHANGES_FILE} of its own")
    top, first = place(url), since if feed.VERSION.fullmatch(since) else f"{since}.0"
    if not feed.VERSION.fullmatch(first):
        raise UsageError(f"{since!r} is no version; say 2.37, or 2.37.0")
    known = until is not None and feed.VERSION.fullmatch(until)
    last = until if known and until else str(version_at(url, until)[1]["version"])
    files: dict[str, _File] = {}
    _follow(top, last, first, files)
    if first not in {file.parent for file in files.values()}:
        _follow(top, first, None, files)
    if first != last and not files:
        raise UsageError(
            f"{top.at(feed.FOLDER).url}: nothing there; `corpus export` brings the feed, and a version read whole"
            " needs none"
        )
    way = feed.route({version: file.parent for version, file in files.items()}, first, last)
    return feed.fold([(files[version].rows, is_forth) for version, is_forth in way], first, last)


def _follow(top: Place, version: str, end: str | None, files: dict[str, _File]) -> None:
    """Fetch the file of a version and of those it was made upon, as far as `end`, the first, or one that is missing."""
    at: str | None = version
    while at is not None and at != end and at not in files:
        where = top.at(feed.name_of(at))
        try:
            data = BytesIO(fetch(where))
            files[at] = _File(feed.made_upon(data), feed.load(data))
        except FileNotFoundError:
            return
        except (ValueError, pa.ArrowException) as error:
            told = str(error).partition("\n")[0]
            raise CorpusError(f"{where.url}: damaged ({told}); tell who publishes it") from error
        at = files[at].parent
