"""The pages of one version as static files, for any web server: the same records and templates, other addresses.

What needs a server has no address there (search, a comparison of any two versions, a build ahead): templates show it
as words. The archived pages of documents are written only where they are asked for, as the frame shows them: rewritten,
with their policy in a meta element, since what serves the files says none. The folder appears when it is whole: a
killed export leaves `.NAME.part` beside it, which the next one removes.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator, Set
from pathlib import Path

from pipeline.corpus.edition import CLUSTERS
from pipeline.corpus.identity import short_hash
from pipeline.corpus.job import Progress
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import documents, hidden
from pipeline.dedupe.index import DedupeIndex
from pipeline.errors import CorpusError, UsageError
from pipeline.folders import Folders
from pipeline.look import capture, replay
from pipeline.look.app import VIEWS, View
from pipeline.look.asked import Asked
from pipeline.look.render import STATIC, Links, html

logger = logging.getLogger("pipeline.look")

ROOTS = {"home": "index.html", "versions": "versions.html"}
"""Pages at the root: kind → file."""

SAFE = re.compile(r"\w[\w.-]{0,199}")
"""Names that are files everywhere; a page of any other is left out."""

Pages = dict[str, list[str]]
"""Kind → the names of its pages."""


Archived = dict[tuple[str, str], str]
"""(day, id) of a capture whose page some document shows → the file it is written to."""


def export(
    folders: Folders, into: Path, version: str | None, progress: Progress, *, with_pages: bool = False
) -> int:
    """Write the pages of a version into a folder that is not there yet, or is empty; how many there are.

    With `with_pages` also the archived pages beside which documents are shown. UsageError where the folder holds
    something, or there is no such version.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UsageError(f"{into}: is there and not empty; name another folder with --export")
    asked = Asked(folders=folders, query={"version": version or ""})
    name = asked.version.name
    pages = _pages(asked)
    part = into.absolute().parent / f".{into.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(STATIC, part / "static")
    known = {(kind, which) for kind, names in pages.items() for which in names}
    archived: Archived | None = {} if with_pages else None
    total = len(ROOTS) + len(known)
    for number, (view, kind, which) in enumerate(_views(pages), 1):
        path = part / (f"{kind}/{which}.html" if which else ROOTS[kind])
        path.parent.mkdir(exist_ok=True)
        key = view.path.partition("{")[2].rstrip("}")
        one = Asked(folders=folders, path={key: which} if which else {}, query={"version": name})
        to = _links("../" if which else "", known, name, archived)
        path.write_text(
            html(view.template, view.read(one), to=to, here=view.here, asked=one), encoding="utf-8"
        )
        progress("pages", number, total)
    _write_archived(folders, part, archived or {}, progress)
    part.replace(into)
    return total + len(archived or {})


def _write_archived(folders: Folders, part: Path, archived: Archived, progress: Progress) -> None:
    """The archived pages that documents refer to, each once."""
    for number, ((day, ident), file) in enumerate(archived.items(), 1):
        path = part / file
        path.parent.mkdir(parents=True, exist_ok=True)
        asked = Asked(folders=folders, path={"day": day, "id": ident})
        path.write_text(replay.with_policy(capture.archived(asked)), encoding="utf-8")
        progress("archived pages", number, len(archived))


def _views(pages: Pages) -> Iterator[tuple[View, str, str]]:
    """(view, kind, name or "") of every page."""
    by_kind = {view.path.strip("/").partition("/")[0] or "home": view for view in VIEWS}
    yield from ((by_kind[kind], kind, "") for kind in ROOTS)
    for kind, names in pages.items():
        yield from ((by_kind[kind], kind, which) for which in names)


def _pages(asked: Asked) -> Pages:
    """The pages of a version that have a name, without those of documents where no view shows one."""
    folder = asked.version
    away = hidden(folder.parent)
    clusters: dict[str, None] = {}
    ids: dict[str, None] = {}
    for row in documents(folder.parent, version=folder.name):
        if row.id not in away:
            ids[row.id] = None
            clusters |= {row.cluster: None} if row.cluster else {}
    found = {
        "version": [folder.name],
        "source": [name for name in read_manifest(folder).counts if SAFE.fullmatch(name)],
        "cluster": list(clusters) if _has_index(folder) else [],
        "document": list(ids),
    }
    kinds = {view.path.strip("/").partition("/")[0] for view in VIEWS}
    return {kind: names for kind, names in found.items() if kind in kinds}


def _has_index(folder: Path) -> bool:
    """Whether this release reads what deduplication remembers there; else a version has no pages of clusters."""
    try:
        DedupeIndex.open(folder / CLUSTERS)
    except CorpusError as error:
        logger.warning("No pages of clusters: %s", error)
        return False
    return True


def _links(up: str, known: Set[tuple[str, str]], version: str, archived: Archived | None) -> Links:
    """The addresses as a page sees them that stands so far below the root; "" for what is not exported.

    An archived page that is asked for is noted in `archived`, to be written; None: none is exported.
    """

    def to(kind: str, /, *parts: object, **filters: object) -> str:
        if kind == "static":
            return f"{up}static/{parts[0]}"
        if kind in ROOTS and not parts:
            return up + ROOTS[kind]
        if kind == "archived" and archived is not None and not filters:
            day, ident = map(str, parts)
            file = archived.setdefault((day, ident), f"archived/{day}/{short_hash(ident)}.html")
            return up + file
        if filters.pop("version", None) not in (None, "", version) or any(filters.values()):
            return ""
        name = "/".join(str(part) for part in parts)
        return f"{up}{kind}/{name}.html" if (kind, name) in known else ""

    return to
