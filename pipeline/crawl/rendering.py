"""Pages whose text a script makes, rendered: which ones, how many of a run, and what of them is archived.

Off unless a source says so. `auto` renders what has no article in its markup and a script to make one, for at most
SHARE of a run's pages, so that a site that changed its layout is no reason to render it whole; `always` every page.
"""

from __future__ import annotations

import re
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from pipeline.crawl.discover import rough_text
from pipeline.crawl.tally import Tally
from pipeline.crawl.visit import Visit, Visitor
from pipeline.parsing import tamed
from pipeline.records import RENDER_ALWAYS, RENDER_NEVER, USABLE, Outcome
from pipeline.rules.han import IDEOGRAPHS
from pipeline.web.browser import Browser, missing
from pipeline.web.fetched import Fetched

SHARE = 0.2
"""Share of a source's pages in one run that `auto` renders at most (ours), and …"""
LEAST = 10
"""… so many whatever their share."""

ARTICLE = 71
"""Han characters of the shortest of 124 real articles: a page with fewer in all of its markup holds none."""

HAN = re.compile(rf"[{IDEOGRAPHS}]|\\u[4-9][0-9a-fA-F]{{3}}|&#(?:x[4-9][0-9a-fA-F]{{3}}|[2-3]\d{{4}});")
"""A Han character, also as scripts and references write it."""

SCRIPTS = 4 * 1024 * 1024
"""Bytes of scripts kept for the pages of a source: a bundle is asked for once a run."""


class Renderer:
    """The rendering of one source's pages in one run."""

    def __init__(self, browser: Browser, visitor: Visitor, tally: Tally) -> None:
        self._browser = browser
        self._visitor = visitor
        self._tally = tally
        self._pages = self._rendered = self._left = 0
        self._scripts: dict[str, Fetched] = {}
        self._is_told = False

    async def visit(self, visit: Visit) -> Visit:
        """The visit with its page as rendered, where its source wants that; else as it is.

        A page that reads as it was archived stays unchanged. What fails is a note, and costs no more than its page.
        """
        mode, fetched = self._visitor.source.render, visit.fetched
        if mode == RENDER_NEVER or fetched is None or visit.outcome not in USABLE or not fetched.body:
            return visit
        self._pages += 1
        if mode != RENDER_ALWAYS and not is_shell(rough_text(fetched.body, visit.content_type)):
            return visit
        if mode != RENDER_ALWAYS and self._rendered >= max(LEAST, SHARE * self._pages):
            self._left += 1
            return visit
        if lacks := missing():
            if not self._is_told:
                self._tally.notes.append(f"pages not rendered: {lacks}")
                self._is_told = True
            return visit
        self._rendered += 1
        found = await self._browser.render(fetched, self._ask)
        notes = (
            *(f"render asked: {said}" for said in found.asked),
            *([f"render refused: {found.refused}"] if found.refused else []),
            *([f"render: {found.note}"] if found.note else []),
        )
        if not found.html:
            self._tally.notes.append(f"not rendered: {fetched.final_url}: {found.note}")
            return replace(visit, notes=notes)
        if visit.outcome == Outcome.UNCHANGED and words(found.html) == words(self._archived(visit)):
            return visit
        return replace(visit, outcome=Outcome.OK, earlier=None, rendered=found.html, notes=notes)

    def end(self) -> None:
        """Tell of the pages that were left as they came."""
        if self._left:
            self._tally.notes.append(
                f"{self._left} pages not rendered: at most {SHARE:.0%} of a run are; if all of the site's pages are"
                ' made by scripts, say render = "always"'
            )

    def _archived(self, visit: Visit) -> str:
        return self._visitor.archived_rendering(visit.due.url_key)

    async def _ask(self, url: str) -> Fetched | None:
        if url in self._scripts:
            return self._scripts[url]
        fetched = await self._visitor.ask_for_page(url)
        kept = sum(len(each.body) for each in self._scripts.values())
        if fetched is not None and _is_script(fetched) and kept + len(fetched.body) <= SCRIPTS:
            self._scripts[url] = fetched
        return fetched


def is_shell(html: str) -> bool:
    """Whether a page has a script, and too little text in all of its markup, scripts included, to hold an article."""
    if re.search(r"<script\b", html, re.I) is None:
        return False
    return sum(1 for _, _ in zip(range(ARTICLE), HAN.finditer(html), strict=False)) < ARTICLE


def words(html: str) -> str:
    """What a page shows, for comparison: its text without scripts and white space."""
    tree = LexborHTMLParser(tamed(html))
    tree.strip_tags(["script", "style"])
    return "".join((tree.root.text(deep=True) if tree.root is not None else "").split())


def _is_script(fetched: Fetched) -> bool:
    kind = next((value for name, value in fetched.headers if name.lower() == "content-type"), "")
    return fetched.outcome == Outcome.OK and "javascript" in kind.lower()
