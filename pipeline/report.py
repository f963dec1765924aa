"""A run in words: what the command prints and what a flow run leaves as its artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.markdown import as_line
from pipeline.printable import plain
from pipeline.records import USABLE, Outcome

if TYPE_CHECKING:
    from pipeline.corpus.upgrade import Foresight
    from pipeline.crawl.gaps import Gap
    from pipeline.health.status import SourceStatus
    from pipeline.repairs import Repaired
    from pipeline.runs import RunReport
    from pipeline.upkeep import Maintenance

FUNNEL = ("found", "fetched", "unchanged", "blocked", "failed", "extracted", "kept", "new", "changed")
"""Columns of the funnel, in the order a page passes them."""

FUNNEL_SPARE = ("extracted", "unchanged", "blocked", "failed")
"""Those that go first where there is no room for all."""

MEANS = {
    "found": "addresses that were new in the source's lists",
    "fetched": "pages that came with a new body",
    "unchanged": "pages that said the same as before",
    "blocked": "captchas and block pages, and what robots.txt forbids",
    "failed": "no page: gone, an error, no answer",
    "extracted": "pages in which an article was found",
    "kept": "articles fit to publish; those neither new nor changed are duplicates (copies, excerpts of what is"
    " published), held (their source is held back) or reserved (against text mining)",
    "new": "articles that the last version did not have",
    "changed": "articles that it had otherwise",
}
"""What the columns of the funnel mean."""

WHY_NOT: dict[str, str] = {
    Outcome.ROBOTS: "forbidden by robots.txt",
    Outcome.BLOCKED: "captchas or block pages",
    Outcome.GONE: "not there (404, 410)",
    Outcome.SOFT_GONE: "only say that the article is gone, or lead to a front page",
    Outcome.REPEATED_PART: "next pages that repeat an earlier one",
    Outcome.OUTSIDE: "of other days than were asked for",
    Outcome.HTTP_ERROR: "answered with an error",
    Outcome.DEFERRED: "put off: the server asked for a longer wait than a run has",
    Outcome.TIMEOUT: "without an answer in time",
    Outcome.TOO_LARGE: "too large",
    Outcome.INCOMPLETE: "cut off before their end",
    Outcome.BAD_ENCODING: "packed in a way that cannot be undone",
    Outcome.BAD_PROTOCOL: "answered with what is no HTTP",
    Outcome.REDIRECT_LOOP: "sent round in a circle",
    Outcome.HOP_REFUSED: "sent on to where the source does not go",
    Outcome.ADDRESS_REFUSED: "at an address we do not connect to",
    Outcome.DNS_ERROR: "at a host that is not found",
    Outcome.CONNECT_ERROR: "at a server that does not answer",
    Outcome.TLS_ERROR: "behind a certificate that is not to be trusted",
    Outcome.NOT_HTML: "no web page",
    Outcome.EMPTY: "empty",
}
"""What came in place of a page, in words."""

MISSES_TOLD = 3
"""Pages without a match after which a selector is reported: one page may be laid out otherwise."""

PLAN = ("source", "published", "at hand", "known", "expected", "more from", "requests", "hours")
"""Columns of a backfill plan, and of the coverage after it."""

PLAN_SPARE = ("more from", "hours")
"""Those that go first where there is no room for all."""

PLAN_MEANS = {
    "published": "the day or month of publication, as pages, lists or addresses tell it",
    "at hand": "pages in the archive",
    "known": "pages of which the address is known, never captured usably",
    "expected": "what the source's own rhythm would bring",
    "more from": "where what is not known yet may come from",
    "requests": "what --fetch would ask, at the least",
    "hours": "how long that takes at the polite rate",
}
"""What its columns mean."""


def funnel_rows(report: RunReport) -> list[tuple[str | int, ...]]:
    """The funnel, a row a source: its name, then the counts in the order of FUNNEL; none where nothing was asked."""
    idle = {visit.source for visit in report.crawled if visit.waiting}
    return [
        (source, *(counts[word] for word in FUNNEL))
        for source, counts in report.funnel().items()
        if source not in idle or any(counts.values())
    ]


WAITING = ("source", "waits")
"""Columns of the sources of which a run asked nothing."""

ASK_NOW = "`corpus refresh --source NAME --all` asks at once, but for a site that asked to be left alone."
"""How a person has a source asked that waits."""


def waiting_rows(report: RunReport) -> list[tuple[str, str]]:
    """The sources of which nothing was asked, and until when and why, in the order of WAITING."""
    return [(visit.source, visit.waiting) for visit in report.crawled if visit.waiting]


def plan_rows(gaps: Sequence[Gap]) -> list[tuple[str | int | float, ...]]:
    """A backfill plan, a row a source and day (or month), in the order of PLAN; then its lists, if they are read."""
    rows: list[tuple[str | int | float, ...]] = []
    for gap in gaps:
        rows += [
            (
                gap.source,
                _when(each.first, each.last),
                each.captures,
                each.known,
                "?" if each.expected is None else each.expected,
                ", ".join(each.ways),
                each.requests,
                round(each.hours, 2),
            )
            for each in gap.days
        ]
        if gap.lists:
            rows.append((gap.source, "its lists", "", "", "", "", gap.lists, ""))
        if gap.search:
            way = "the way back through numbered listings"
            rows.append((gap.source, way, "", "", "", "", f"≤ {gap.search}", ""))
    return rows


def _when(first: date | None, last: date | None) -> str:
    """A day, a month or what of it a span has."""
    if first is None or last is None:
        return "day unknown"
    return f"{first}" if first == last else f"{first} to {last}"


def refusals(report: RunReport) -> list[str]:
    """Why the run is not to be taken as done: no site reached, sources failed, refused or newly held back."""
    lines = [
        f"{visit.source} failed: {visit.failed_with} (the log has the traceback)"
        for visit in report.crawled
        if visit.failed_with
    ]
    lines += [f"{visit.source} refused: {visit.refused}" for visit in report.crawled if visit.refused]
    if cut_off := [visit.source for visit in report.crawled if visit.cut_off]:
        lines.append(
            f"the network of this machine seems to be down: no answer for {', '.join(cut_off)}; that counts against"
            " nobody, and what was due is due in the next run"
        )
    asked = [visit for visit in report.crawled if visit.answered is not None]
    if asked and not any(visit.answered for visit in asked):
        lines.append(f"no source could be reached: {', '.join(visit.source for visit in asked)}")
    if build := report.build:
        lines += [held_words(name, build.held[name]) for name in build.held_anew]
        lines += [
            f"would be refused without `--confirm {name}`: {why}" for name, why in build.refused.items()
        ]
    told = report.build.held_anew if report.build is not None else ()
    worse = (each for each in report.changed if each.is_worse)
    lines += [each.words for each in worse if each.now.state != "held" or each.source not in told]
    return lines + ([f"nobody was told: {report.unsent}"] if report.unsent else [])


def held_words(name: str, why: str) -> str:
    """That the new rows of a source wait, with the commands that show them and let them in."""
    return (
        f"held back: new rows of {name}: {why}; `corpus held {name}` shows them,"
        f" `corpus build --confirm {name}` lets them in"
    )


def build_words(report: RunReport) -> list[str]:
    """What a build did, in plain sentences."""
    build = report.build
    if build is None:
        return []
    if build.on_hold:
        return [f"Nothing was published: {build.on_hold}."]
    lines = [f"Everything was built anew: {build.full}."] if build.full else []
    if build.later:
        lines.append(
            f"New rows stand beside rows of other rules ({build.later}); `corpus rebuild` makes them all anew."
        )
    read = "archive files read" if build.full else "new archive files"
    lines.append(
        f"{build.files} {read}; {build.extracted} captures extracted and {build.normalized} normalized in this run."
    )
    lines += [
        f"Still {held_words(name, why)}." for name, why in build.held.items() if name not in build.held_anew
    ]
    lines += [f"Taken as it is, {name}: {why}." for name, why in build.let_in.items()]
    lines += [f"Quarantined {capture}" for capture in build.lost]
    lines += [f"Correction {said}." for said in build.corrections]
    for source, counts in build.funnel.items():
        missed = counts.get("body_selector_missed", 0)
        if missed >= MISSES_TOLD:
            lines.append(
                f"{source}: its body selector matched nothing on {missed} of {counts.get('captures', 0)} pages."
            )
    if build.changes:
        told = ", ".join(f"{n} {key.replace(':', ' by ')}" for key, n in build.changes.items())
        lines.append(f"Documents: {told}.")
    if report.preview:
        lines.append("Nothing was published." if build.changes else "Nothing would change.")
    elif build.published:
        lines.append(f"Published version {build.version}.")
    elif build.version:
        lines.append(f"Nothing new to publish; version {build.version} stands.")
    else:
        lines.append("Nothing to publish yet.")
    return lines


def upgrade_words(seen: Foresight, seconds: float | None) -> list[str]:
    """What a build will make anew and how long it takes, in sentences; none where it only takes in what is new."""
    if seen.full is None:
        return []
    of = f"of {seen.compare:,} " if seen.extract < seen.compare else ""
    todo = [
        f"{number:,} {what}"
        for number, what in (
            (seen.extract, f"{of}pages to extract"),
            (seen.normalize, "texts to normalize"),
            (seen.untouched, "texts that the changed table cannot touch"),
            (seen.compare, "pages to compare"),
        )
        if number
    ]
    took = (
        "how long it takes is not known, no build was measured here yet"
        if seconds is None
        else _long(seconds)
    )
    lines = [f"Everything is to be made anew: {seen.full}. {', '.join(todo) or 'Nothing to read'}; {took}."]
    if seen.not_later:
        lines.append(f"New pages cannot be published before: {seen.not_later}.")
    else:
        lines.append(
            "`--later` publishes the new pages meanwhile; `corpus rebuild` makes the rest anew beside it."
        )
    return lines


def _long(seconds: float) -> str:
    """A time a person can plan with."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60:02d} min"


def plan_words(gaps: Sequence[Gap]) -> str:
    """What a backfill with fetching takes in all, in a sentence."""
    requests, hours = sum(g.requests for g in gaps), max((g.hours for g in gaps), default=0.0)
    return (
        f"{requests} requests in all at the least, about {hours:.2f} hours: sources are fetched side by side,"
        " so the longest one decides."
    )


def coverage_words(gaps: Sequence[Gap]) -> str:
    """What a backfill left, in a sentence."""
    known = sum(len(gap.missing) for gap in gaps)
    return f"At hand: {sum(gap.captures for gap in gaps)} pages of the days asked for; {known} are known and lack."


HEALTH = ("source", "state", "since", "last good (UTC)", "last new", "next due (UTC)", "new a week")
"""Columns of how the sources stand."""

HEALTH_SPARE = ("last good (UTC)", "next due (UTC)", "last new")
"""Those that go first where there is no room for all."""

HEALTH_MEANS = {
    "state": "see `corpus status --help`; (in brackets): acknowledged",
    "since": "first day of that state",
    "last good (UTC)": "the last visit that brought something usable",
    "last new": "the last day with a new article",
    "next due (UTC)": "when it is asked again",
    "new a week": "new articles of the last eight weeks, a bar a week (· none), and the number of the last",
}
"""What they mean."""

BARS = "▁▂▃▄▅▆▇█"


def health_rows(statuses: Sequence[SourceStatus]) -> list[tuple[str, ...]]:
    """How the sources stand, a row each, in the order of HEALTH; the last: weeks as a sparkline, and the last."""
    return [
        (
            each.source,
            f"({each.state})" if each.acknowledged else each.state,
            str(each.since or ""),
            f"{each.last_good:%Y-%m-%d %H:%M}" if each.last_good else "never",
            str(each.last_new or "never"),
            f"{each.next_due:%Y-%m-%d %H:%M}" if each.next_due else "",
            f"{sparkline(each.weeks)} {each.weeks[-1] if each.weeks else 0:>3}",
        )
        for each in statuses
    ]


MOST_LEARNED = 5
"""Rules of a source that are told on a screen."""


def health_words(statuses: Sequence[SourceStatus]) -> list[str]:
    """What is not as usual with the sources, and what holds them back, in sentences."""
    lines = []
    for each in statuses:
        lines += [
            f"{each.source}: {found.state} since {found.since}: {found.told}." for found in each.findings
        ]
        if ack := each.acknowledged:
            lines.append(f"{each.source}: known until {ack.until}: {ack.why}.")
        if each.backing_off_until:
            lines.append(f"{each.source}: {each.waits}.")
        lines += [f"{each.source}: {off.words}." for off in each.lists_off]
        lines += [f"{each.source}: {told}." for told in each.learned[:MOST_LEARNED]]
        if (more := len(each.learned) - MOST_LEARNED) > 0:
            lines.append(f"{each.source}: and {more} rules more (--json).")
    return lines


def sparkline(numbers: Sequence[int], top: int = 0) -> str:
    """Numbers as a row of bars, the highest for `top` (0: the greatest of them); a point stands for none at all."""
    top = max(top, *numbers, 1)
    return "".join(BARS[(len(BARS) - 1) * n // top] if n else "·" for n in numbers)


def crawl_notes(report: RunReport) -> list[str]:
    """What the crawl says of its sources beyond the counts: why pages did not come, gaps, caps, sites left alone."""
    return [
        f"{visit.source}: {note}"
        for visit in report.crawled
        for note in (*_why_not(visit.pages), *visit.notes)
    ]


def _why_not(pages: Mapping[str, int]) -> list[str]:
    """What came in place of pages, in a line."""
    told = [
        f"{n} {WHY_NOT.get(outcome, outcome.replace('_', ' '))}"
        for outcome, n in pages.items()
        if outcome not in USABLE
    ]
    return [f"pages that did not come: {', '.join(told)}"] if told else []


def sample_lines(samples: Sequence[dict[str, str | None]]) -> list[str]:
    """Changed documents of a preview, line against line."""
    from pipeline.corpus.changes import difference

    lines = []
    for sample in samples:
        lines += ["", f"{sample['kind']} by {sample['cause']}: {sample['title']}  {sample['url']}"]
        lines += difference(sample.get("before") or "", sample.get("after") or "")
    return lines[1:]


def headline(report: RunReport) -> str:
    """What a run came to, in a line."""
    build = report.build
    if build is None:
        return f"{sum(visit.fetched for visit in report.crawled)} pages fetched, nothing built"
    if build.on_hold:
        return f"nothing published: {build.on_hold}"
    said = ", ".join(f"{n} {key.replace(':', ' by ')}" for key, n in build.changes.items())
    if report.preview:
        line = f"nothing published, only shown: {said or 'nothing would change'}"
    elif build.published:
        line = f"version {build.version}: {said or 'no document changed'}"
    else:
        line = f"nothing new, version {build.version} stands" if build.version else "nothing to publish yet"
    return f"{line}; {waiting_words(build.later)}" if build.later else line


def waiting_words(why: str) -> str:
    """That a change of the rules is not taken over unasked, and how it is."""
    return f"rules changed: rebuild waits for you (preview: `corpus rebuild --preview`): {why}"


def funnel_table(report: RunReport) -> list[dict[str, str | int]]:
    """The funnel as rows of named cells."""
    return [dict(zip(("source", *FUNNEL), row, strict=True)) for row in funnel_rows(report)]


def source_words(report: RunReport, name: str) -> str:
    """How a source stands and what a run brought of it, in a line; counts that are 0 are left out."""
    states = [each.state for each in report.health if each.source == name]
    counts = report.funnel()[name]
    return ", ".join([*states, *(f"{word} {counts[word]}" for word in FUNNEL if counts[word])])


def markdown_source(report: RunReport, name: str, home: str) -> str:
    """What one run did for one source, and how it stands."""
    rows = [row for row in funnel_rows(report) if row[0] == name]
    parts = [f"Source {name}: <{home}>"]
    parts += [f"**{in_markdown(line)}**" for line in refusals(report) if line.startswith(f"{name} ")]
    if rows:
        parts.append(markdown_table(("source", *FUNNEL), rows))
    if waiting := [row for row in waiting_rows(report) if row[0] == name]:
        parts.append(markdown_table(WAITING, waiting))
    if standing := [each for each in report.health if each.source == name]:
        parts.append(markdown_table(HEALTH, health_rows(standing)))
        parts.append("\n".join(f"- {in_markdown(line)}" for line in health_words(standing)))
    parts.append(_quoted("The crawl says:", [n for v in report.crawled if v.source == name for n in v.notes]))
    return "\n\n".join(part for part in parts if part)


def markdown_run(report: RunReport, clean: Path, look: str = "") -> str:
    """What went wrong, the funnel per source, what crawl and build say, samples of a preview, the version.

    `look` is the address of `corpus look`, whose page of the version is linked.
    """
    parts = [f"**{in_markdown(line)}**" for line in refusals(report)]
    if rows := funnel_rows(report):
        parts.append(markdown_table(("source", *FUNNEL), rows))
        parts.append("; ".join(f"*{column}*: {meaning}" for column, meaning in MEANS.items()) + ".")
    if waiting := waiting_rows(report):
        parts.append(markdown_table(WAITING, waiting))
    parts.append("\n".join(f"- {in_markdown(line)}" for line in build_words(report)))
    parts.append(_quoted("The crawl says:", crawl_notes(report)))
    if unwell := [each for each in report.health if each.findings or each.held]:
        parts.append(markdown_table(HEALTH, health_rows(unwell)))
        parts.append("\n".join(f"- {in_markdown(line)}" for line in health_words(unwell)))
    parts.append(_quoted("Samples:", sample_lines(report.build.samples if report.build is not None else ())))
    if report.coverage:
        parts += [markdown_table(PLAN, plan_rows(report.coverage)), coverage_words(report.coverage)]
    if report.build is not None and report.build.version:
        version = report.build.version
        page = f", to look at: [{version}]({look.rstrip('/')}/version/{version})" if look else ""
        parts.append(f"The version: `{clean.absolute() / version}`{page}")
    return "\n\n".join(part for part in parts if part)


def markdown_plan(gaps: Sequence[Gap]) -> str:
    """What a backfill would find and need."""
    return "\n\n".join([markdown_table(PLAN, plan_rows(gaps)), plan_words(gaps)])


def in_markdown(line: str) -> str:
    """A sentence in which pages, servers and archives may have a word, as Markdown that says just that."""
    return as_line(plain(line))


def maintenance_words(done: Maintenance) -> str:
    """What maintenance did, in a sentence."""
    joined = f"half-empty files joined in version {done.compacted}" if done.compacted else "no files to join"
    joined = f"no files joined, {waiting_words(done.waits)}" if done.waits else joined
    gone = ", ".join(done.collected) or "none"
    anew = "".join(f"; made anew: the {what} of {file}" for file, what in done.remade)
    anew += "".join(f"; restored: {r.file} of {r.version} from {r.restored}" for r in done.restored)
    expired = f" No longer held: {'; '.join(done.expired)}." if done.expired else ""
    lost = "".join(f" Lost: {each}." for each in done.losses)
    return (
        f"Archive and corpus are whole{anew}; {joined}; old versions removed: {gone};"
        f" {done.shards} stale shard folders.{expired}{lost}"
    )


def repair_lines(done: Repaired) -> list[str]:
    """What a repair did, a line each; what it could not comes last."""
    lines = [f"{file}: its {what} was made anew" for file, what in done.remade]
    for each in done.files:
        lines.append(f"{each.file}: {each.kept} captures kept, {len(each.lost)} lost")
        lines += [f"  lost: {lost.url} ({lost.source}), capture {lost.id}" for lost in each.lost]
        lines += [f"  its bytes: quarantine/{name}" for name in each.aside]
    lines += ["the crawl's memory was made anew from the archive"] if done.ledger else []
    lines += [f"version {r.version}: {r.file} restored from {r.restored}" for r in done.restored]
    lines += [f"{file}: not mended: {why}" for file, why in done.hopeless]
    lines += [f"version {r.version}: {r.file} cannot be restored: {r.why}" for r in done.stays]
    lines += [f"version {done.version} was made from the archive in its place"] if done.version else []
    lines += [f"nothing was published in its place: {done.held}"] if done.held else []
    return lines or ["Nothing is damaged."]


def markdown_maintenance(done: Maintenance) -> str:
    """Which versions went, and which stay and why."""
    gone = in_markdown(maintenance_words(done))
    return "\n\n".join([gone, markdown_table(("version", "why it stays"), list(done.kept.items()))])


def _quoted(heading: str, lines: Sequence[str]) -> str:
    """Lines that quote pages and servers, indented as code, so that nothing in them acts as Markdown.

    The heading keeps them apart from a list before them, whose continuation they would otherwise be.
    """
    if not lines:
        return ""
    return "\n".join([heading, "", *("    " + plain(" ".join(line.splitlines())) for line in lines)])


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown; nothing in a cell acts as Markdown's own."""
    lines = [[_cell(cell) for cell in line] for line in (columns, *rows)]
    lines.insert(1, ["---"] * len(columns))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    """A value as a table takes it: one line that is no markup, no bar that ends the cell."""
    return in_markdown(str(value)).replace("|", "\\|")
