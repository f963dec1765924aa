"""`corpus source try`: what a site or one page of a source would give."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipeline import extract, identity, sources, trial
from pipeline.cli import screen
from pipeline.cli.options import machine, refuse_idle
from pipeline.cli.stages import by_host, fetch_one, page_row
from pipeline.crawl.discover import rough_text
from pipeline.crawl.rendering import is_shell
from pipeline.crawl.scout import Scouting, scout
from pipeline.errors import CorpusError, RefusedError, UsageError
from pipeline.explain import meaning_of
from pipeline.folders import load_sources
from pipeline.records import RENDER_ALWAYS, RENDER_NEVER, Outcome, Source
from pipeline.web.browser import missing
from pipeline.web.urls import is_home

SAMPLE_MEANS = {
    "readers agree": "share of the body's letters that both readers have",
    "flags": "what extraction doubts",
    "twin": "the article in the corpus that says the same",
}
"""What the columns of the sample articles mean."""


def run_try(arguments: argparse.Namespace) -> int:
    """corpus source try"""
    if arguments.source or (arguments.sources.is_dir() and not is_home(arguments.url)):
        names = [arguments.source] if arguments.source else []
        declared = load_sources(arguments.sources, names)
        if chosen := declared if names else by_host(declared, arguments.url):
            refuse_idle(arguments, "with a page of a source", "add", "allow_private")
            return _try_page(arguments, chosen[0])
    if not arguments.url.startswith(("http://", "https://")):
        raise UsageError(f"{arguments.url}: an address such as https://news.example.cn/ is wanted")
    target = arguments.sources / f"{arguments.add}.toml" if arguments.add else None
    if target is not None:
        _check_free(target, arguments.add)
    agent = identity.user_agent(arguments.user_agent, arguments.sources, [arguments.url])
    if arguments.render:
        _check_browser()
    with screen.watching() as progress:
        progress("looking round", 0, 1)
        scouting = scout(
            arguments.url,
            user_agent=agent,
            allow_private=arguments.allow_private,
            beside=arguments.raw,
            render=arguments.render,
        )
    samples = trial.read_samples(scouting, arguments.clean)
    if arguments.json:
        screen.put(_row(scouting, samples))
    _tell(scouting, samples)
    if not scouting.offers:
        raise RefusedError("; ".join(scouting.notes))
    written = trial.declaration(scouting, allow_private=arguments.allow_private)
    if target is None:
        screen.say("A source file of this (--add NAME writes it):\n")
        screen.verbatim(written)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(written, encoding="utf-8")
    sources.parse(target)
    screen.say(f"Written: {target}. Look through it, then `corpus refresh --source {arguments.add}`.")
    return 0


def _check_free(target: Path, name: str) -> None:
    if not sources.NAME.fullmatch(name):
        raise UsageError(f"--add {name!r}: lower-case letters, digits and single hyphens are wanted")
    if target.exists():
        raise UsageError(f"{target} is there already; choose another name")


def _try_page(arguments: argparse.Namespace, source: Source) -> int:
    url: str = arguments.url
    agent = identity.user_agent(arguments.user_agent, arguments.sources, [url])
    if arguments.render:
        _check_browser()
        source = replace(source, render=RENDER_ALWAYS)
    fetched = fetch_one(url, source, agent, arguments.raw)
    if fetched.outcome != Outcome.OK:
        raise CorpusError(f"{url}: {fetched.outcome} (status {fetched.status})")
    body, content_type = fetched.page
    page = extract.extract_page(
        body,
        url=fetched.final_url,
        content_type=content_type,
        captured_at=fetched.fetched_at,
        source=source,
    )
    row = page_row(page)
    scripted = not page.articles and is_shell(rough_text(*fetched.page))
    if machine(arguments):
        screen.put(
            {
                "url": url,
                "source": source.name,
                "rendered": bool(fetched.rendered),
                "needs_browser": scripted and not fetched.rendered,
                **row,
            }
        )
        return 0
    screen.say(f"{url}\n  of the source {source.name}, decoded as {page.encoding} ({page.encoding_from})")
    if page.reason:
        screen.say(f"  no article: {page.reason}, {meaning_of(page.reason)[0]}", hang=2)
    if fetched.rendered:
        screen.say("  read as a browser rendered it")
    elif scripted:
        screen.say(f"  {_of_script(source, fetched.notes)}", hang=2)
    for article in row["documents"]:
        screen.say(f"\n{article['title'] or '(no title)'}")
        for key in (
            "author",
            "published_on",
            "published_at",
            "modified_on",
            "origin_name",
            "method",
            "agreement",
        ):
            screen.say(f"  {key:<13} {article[key] if article[key] is not None else '-'}", hang=16)
        screen.say(f"  {'flags':<13} {', '.join(flag['name'] for flag in article['flags']) or '-'}", hang=16)
        screen.say("\n" + article["text"])
    return 0


def _check_browser() -> None:
    """RefusedError where --render can render nothing."""
    if lacks := missing():
        raise RefusedError(f"--render: {lacks}")


def _of_script(source: Source, notes: Sequence[str]) -> str:
    """Why a page whose text only a script makes was not rendered, and what to do about it."""
    told = "its text is made by a script, in a browser"
    if source.render == RENDER_NEVER:
        lacks = f" ({lacks})" if (lacks := missing()) else ""
        return (
            f'{told}: render = "auto" in the source file renders such pages, "always" all of its pages;'
            f" --render tries it{lacks}"
        )
    failed = [note.removeprefix("render: ") for note in notes if note.startswith("render: ")]
    return f"{told}, and was not rendered: {missing() or '; '.join(failed) or 'nothing came of it'}"


def _tell(scouting: Scouting, samples: Sequence[trial.Sample]) -> None:
    robots = scouting.robots
    if scouting.answer.status:
        pace = f"; it asks for {robots.delay:g} s between requests" if robots.delay else ""
        screen.say(f"robots.txt: {robots.note or 'none'}{pace}.")
    if scouting.barred:
        screen.say(f"It keeps these crawlers for AI away: {', '.join(scouting.barred)}.")
    if scouting.offers:
        screen.show(
            "Lists",
            ("list", "found", "links", "a day", "address"),
            [
                (o.kind, o.found_by, len(o.listed.links), trial.articles_a_day(o), o.url)
                for o in scouting.offers
            ],
        )
    for offer in scouting.offers:
        if left := trial.left_out(offer):
            screen.say(f"Left out of {offer.url}: {left}.", hang=2)
    for tried in scouting.tried:
        screen.say(f"No list: {tried}.", hang=2)
    if samples:
        screen.show(
            "Articles as the corpus would have them",
            ("title", "day", "author", "characters", "readers agree", "flags", "twin"),
            [_sample_row(sample) for sample in samples],
            means=SAMPLE_MEANS,
            spare=("twin", "flags", "author"),
        )
    if bare := [each for each in scouting.scripted if each not in scouting.rendered]:
        lacks = missing()
        way = f"; {lacks}" if lacks else "; --render tries it"
        screen.say(
            f"{len(bare)} of {len(samples)} articles need a browser: a script makes their text, and `render` in the"
            f" source file has it run{way}."
        )
    screen.say(f"Requests made: {scouting.requests}.")


def _sample_row(sample: trial.Sample) -> tuple[Any, ...]:
    if sample.reason:
        why = "needs a browser" if sample.needs_browser else sample.reason
        return (f"{why}: {sample.url}", None, None, 0, None, None, None)
    agreed = f"{sample.agreement:.2f}" if sample.agreement is not None else None
    return (
        sample.title,
        sample.published_on,
        sample.author,
        sample.characters,
        agreed,
        ", ".join(sample.flags),
        sample.twin,
    )


def _row(scouting: Scouting, samples: Sequence[trial.Sample]) -> dict[str, Any]:
    return {
        "home": scouting.home,
        "outcome": scouting.answer.outcome,
        "status": scouting.answer.status,
        "robots": scouting.robots.note,
        "delay": scouting.robots.delay,
        "ai_barred": scouting.barred,
        "lists": [
            {
                "kind": offer.kind,
                "url": offer.url,
                "found_by": offer.found_by,
                "links": [link.url for link in offer.listed.links[:50]],
                "left_out": dict(offer.listed.rejected),
                "articles_a_day": trial.articles_a_day(offer),
            }
            for offer in scouting.offers
        ],
        "no_lists": scouting.tried,
        "include": scouting.include,
        "articles": [asdict(sample) for sample in samples],
        "requests": scouting.requests,
        "notes": scouting.notes,
    }
