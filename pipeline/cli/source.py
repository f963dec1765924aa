"""The source files by hand: list, check, try a page or a whole site, take over an OPML file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipeline.cli import screen
from pipeline.cli.options import Commands, Prose, json_option, local, machine, refuse_idle, user_agent
from pipeline.errors import RefusedError, UsageError
from pipeline.folders import SOURCES, load_sources
from pipeline.records import Source

EXAMPLES = "examples"
"""Folder beside the source files whose declarations are read only when it is named (--sources)."""

TRY = """\
HOME, the address of a site's front page or column: looks for its feeds and sitemaps, says what robots.txt allows and
asks for, what each list holds and why the rest is left out, and reads five articles as the corpus would. --add NAME
writes the source file that comes of it.

URL, one page of a declared source: what it gives, as JSON.

Some thirty requests at most, one after the other, each in its turn with those of a crawl at work beside it. Nothing is
archived. Articles whose text only a script makes are told; --render has their scripts run.
"""


MEANS = {
    "feeds": "how many feeds (so of sitemaps, listings, urls) the file names",
    "delay s": "seconds between two requests",
    "every h": "hours between two looks at its lists",
}
"""What the columns of the sources mean."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    source = commands.add_parser("source")
    what = source.add_subparsers(dest="what", metavar="WHAT", required=True)

    listing = what.add_parser("list", help="the declared sources")
    _sources(listing)
    json_option(listing)
    listing.set_defaults(run=run_list)

    check = what.add_parser("check", help="are the files right?")
    _sources(check)
    check.add_argument(
        "--live", action="store_true", help="also ask each site for its robots.txt and its first list"
    )
    _raw(check)
    user_agent(check)
    json_option(check)
    check.set_defaults(run=run_check)

    attempt = what.add_parser(
        "try",
        help="what a site or one page would give",
        description=TRY,
        formatter_class=Prose,
    )
    attempt.add_argument(
        "url", metavar="HOME|URL", help="a site's front page or column, or a page of a source"
    )
    _sources(attempt)
    attempt.add_argument("--source", help="the URL is a page of this source (default: by host)")
    attempt.add_argument(
        "--clean", type=local, default=Path("clean"), help="where to look for twins (default: clean)"
    )
    _raw(attempt)
    attempt.add_argument("--add", metavar="NAME", help="write sources/NAME.toml of what was found")
    attempt.add_argument(
        "--render",
        action="store_true",
        help="render what a script makes in a browser, as `render` in a file does",
    )
    attempt.add_argument("--allow-private", action="store_true", help="addresses on this machine are fine")
    user_agent(attempt)
    json_option(attempt)
    attempt.set_defaults(run=run_try)

    take = what.add_parser(
        "add-opml", help="a source file for each feed of an OPML file (a feed reader's export)"
    )
    take.add_argument("file", type=local, metavar="FILE", help="the OPML file")
    _sources(take)
    take.set_defaults(run=run_add_opml)


def _sources(command: argparse.ArgumentParser) -> None:
    command.add_argument("--sources", type=local, default=SOURCES, help="source files (default: sources)")


def _raw(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--raw", type=local, default=Path("raw"), help="keep the pace of a crawl at work there (default: raw)"
    )


def run_list(arguments: argparse.Namespace) -> int:
    """corpus source list"""
    declared = _declared(arguments.sources)
    if machine(arguments):
        for source in declared:
            screen.put(asdict(source))
    _show(arguments.sources, declared)
    if hint := _examples(arguments.sources):
        screen.say(f"{hint}.")
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    """corpus source check"""
    declared = _declared(arguments.sources)
    _show(arguments.sources, declared)
    if not arguments.live:
        refuse_idle(arguments, "without --live", "raw", "user_agent", "json")
        return 0
    from pipeline import identity
    from pipeline.crawl.scout import peek

    asked = [address for source in declared for address in (*source.addresses, *source.urls)]
    agent = identity.user_agent(arguments.user_agent, arguments.sources, asked)
    with screen.watching() as progress:
        answers = peek(
            declared,
            user_agent=agent,
            on_done=lambda done: progress("asking", done, len(declared)),
            beside=arguments.raw,
        )
    if arguments.json:
        for answer in answers:
            screen.put(asdict(answer))
    rows = [(a.source, a.robots, a.first_list, a.links) for a in answers]
    screen.show("What the sites answer", ("source", "robots.txt", "first list", "links"), rows)
    wrong = [answer.source for answer in answers if not answer.links]
    if wrong:
        raise RefusedError(f"no links came from {', '.join(wrong)}; `corpus source try HOME` looks closer")
    return 0


def _declared(folder: Path) -> tuple[Source, ...]:
    declared = load_sources(folder)
    if not declared:
        hint = _examples(folder) or "see the README on adding a source"
        raise UsageError(f"{folder}: no *.toml here; {hint}")
    return declared


def _examples(folder: Path) -> str:
    """What waits in the folder of examples, in words; "" where there is none."""
    found = len(list((folder / EXAMPLES).glob("*.toml")))
    return f"{folder / EXAMPLES} has {found} more, each read once copied to {folder}" if found else ""


def _show(folder: Path, declared: Sequence[Source]) -> None:
    columns = ("name", "feeds", "sitemaps", "listings", "urls", "delay s", "every h", "home")
    rows = [
        (
            s.name,
            len(s.feeds),
            len(s.sitemaps),
            len(s.listings),
            len(s.urls),
            f"{s.delay:g}",
            f"{s.every / 3600:g}",
            s.home,
        )
        for s in declared
    ]
    screen.show(f"Sources in {folder}", columns, rows, means=MEANS, spare=("home",))


def run_try(arguments: argparse.Namespace) -> int:
    """corpus source try"""
    from pipeline.cli import trying

    return trying.run_try(arguments)


def run_add_opml(arguments: argparse.Namespace) -> int:
    """corpus source add-opml"""
    from pipeline import opml, sources

    feeds = opml.read_opml(arguments.file)
    known = {
        url
        for s in (sources.load(arguments.sources) if arguments.sources.is_dir() else ())
        for url in s.feeds
    }
    arguments.sources.mkdir(parents=True, exist_ok=True)
    taken = {path.stem for path in arguments.sources.glob("*.toml")}
    written = []
    for feed in feeds:
        if feed.url not in known:
            name = opml.name_for(feed, taken)
            taken.add(name)
            (arguments.sources / f"{name}.toml").write_text(opml.declaration(feed), encoding="utf-8")
            written.append((name, feed.title, feed.url))
    screen.show(f"Written to {arguments.sources}", ("name", "title", "feed"), written)
    screen.say(f"{len(written)} source files written, {len(feeds) - len(written)} feeds declared already.")
    load_sources(arguments.sources)
    return 0
