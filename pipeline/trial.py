"""A site tried as a source before there is a file for it: what `corpus source try HOME` shows and writes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.corpus.identity import short_hash
from pipeline.corpus.read import list_versions, version_folder
from pipeline.corpus.schema import ARTICLES
from pipeline.corpus.texts import normalize_body
from pipeline.crawl.scout import Offer, Scouting
from pipeline.extract import extract_page
from pipeline.records import RENDER_ALWAYS, RENDER_AUTO, RENDERED_TYPE, Kind, Outcome, header_of
from pipeline.sources import TERMS
from pipeline.tomlfile import written
from pipeline.web.fetched import Fetched

RECENT = timedelta(days=28)
"""The last days of a list from which articles a day are told; a sitemap may go back for years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One article as it would stand in the corpus."""

    url: str
    reason: str | None = None
    """Why there would be none; None: there is one."""
    title: str | None = None
    author: str | None = None
    published_on: date | None = None
    characters: int = 0
    agreement: float | None = None
    flags: tuple[str, ...] = ()
    twin: str | None = None
    """URL of an article of the newest version with the same text."""
    needs_browser: bool = False
    """Whether only a script makes its text; there is an article all the same if it was rendered."""


def read_samples(scouting: Scouting, clean: Path) -> tuple[Sample, ...]:
    """The articles that were fetched, extracted and normalized; each looked for in the newest version."""
    samples = [
        _sample(each, scouting.rendered.get(each.url, ""), needs_browser=each.url in scouting.scripted)
        for each in scouting.samples
    ]
    twins = _twins(clean, {short_hash(text) for _, text in samples if text})
    return tuple(replace(sample, twin=twins.get(short_hash(text))) for sample, text in samples)


def _sample(fetched: Fetched, rendered: str, *, needs_browser: bool) -> tuple[Sample, str]:
    """The sample and its text."""
    if fetched.outcome != Outcome.OK:
        return Sample(url=fetched.url, reason=fetched.outcome), ""
    page = extract_page(
        rendered.encode("utf-8", "replace") or fetched.body,
        url=fetched.final_url,
        content_type=RENDERED_TYPE if rendered else header_of(fetched.headers, "content-type"),
        captured_at=fetched.fetched_at,
    )
    if not page.articles:
        return Sample(url=fetched.url, reason=page.reason, needs_browser=needs_browser), ""
    article = page.articles[0]
    done, _ = normalize_body(article.extracted, article.structure)
    sample = Sample(
        url=fetched.url,
        title=article.title,
        author=article.author,
        published_on=article.published_on,
        characters=len(done.text),
        agreement=article.agreement,
        flags=tuple(sorted({flag.name for flag in (*article.flags, *done.flags)})),
        needs_browser=needs_browser,
    )
    return sample, done.text


def _twins(clean: Path, hashes: set[str]) -> dict[str, str]:
    """Hash of a text → URL of an article of the newest version that has it."""
    if not hashes or not list_versions(clean):
        return {}
    found: dict[str, str] = {}
    filters = [("text_hash", "in", sorted(hashes))]
    for path in sorted((version_folder(clean) / ARTICLES).glob("*.parquet")):
        rows = pq.read_table(path, columns=["text_hash", "url"], filters=filters).to_pylist()
        found |= {row["text_hash"]: row["url"] for row in rows}
    return found


def articles_a_day(offer: Offer) -> float | None:
    """New articles a day by the days that a list prints; None where it prints too few to tell."""
    days = sorted(link.at.date() for link in offer.listed.links if link.at)
    recent = [day for day in days if day > days[-1] - RECENT]
    if len(recent) < 3 or recent[0] == recent[-1]:
        return None
    return round(len(recent) / ((recent[-1] - recent[0]).days + 1), 1)


def declaration(scouting: Scouting, *, allow_private: bool = False) -> str:
    """The source file that the findings amount to, with comments; TOML."""
    of_kind = {kind: [o for o in scouting.offers if o.kind == kind] for kind in (Kind.FEED, Kind.SITEMAP)}
    best = scouting.offers[0] if scouting.offers else None
    lines = [f"home = {written(scouting.answer.final_url)}"]
    feeds = [offer.url for offer in of_kind[Kind.FEED]]
    sitemaps = [offer.url for offer in of_kind[Kind.SITEMAP]]
    if feeds:
        lines.append(f"feeds = {written(feeds)}")
        if sitemaps:
            lines.append(f"# sitemaps = {written(sitemaps)}  # all articles there are, for a backfill")
    elif sitemaps:
        lines.append(f"sitemaps = {written(sitemaps)}")
    elif best is not None:
        lines.append(
            f"listings = [{written(best.url)}]  # {{ url = …, links = CSS selector }} if it holds others too"
        )
    if scouting.include:
        lines.append(f"include = {written(scouting.include)}  # what its article addresses look like")
    lines.append('# exclude = ["*/video/*"]')
    pace = scouting.robots.delay
    asked = f"  # robots.txt asks for {pace:g} s, and is obeyed" if pace else ""
    lines.append(f"delay = {max(2.0, pace or 0.0):g}{asked}")
    lines.append(f'every = "{_every(best)}"')
    if scouting.scripted:
        made, of = len(scouting.scripted), len(scouting.samples)
        word = RENDER_ALWAYS if made == of else RENDER_AUTO
        lines.append(f'render = "{word}"  # a script makes the text of {made} of its {of} articles tried')
    lines.append(TERMS)
    if allow_private:
        lines.append("allow_private = true")
    return "\n".join(lines) + "\n"


def _every(offer: Offer | None) -> str:
    """How often to look: several times while a feed turns over, daily where little comes."""
    rate = articles_a_day(offer) if offer is not None else None
    if rate is None:
        return "6h"
    return "1h" if rate >= 50 else "6h" if rate >= 2 else "1d"


def left_out(offer: Offer) -> str:
    """Why addresses of a list are not taken, in words."""
    return ", ".join(f"{n} {why}" for why, n in sorted(Counter(offer.listed.rejected).items()))
