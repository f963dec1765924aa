"""What people and schedules ask for: refresh, backfill, rebuild, rollback, import, takedown.

The `corpus` command and the Prefect flows call these same functions; nothing here knows of either.
"""

from __future__ import annotations

import difflib
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from pipeline import archive, coverage, durations, identity, notify, rates
from pipeline.archive import imports, takedowns
from pipeline.archive.blocklist import TICKET
from pipeline.corpus import build as building
from pipeline.corpus import rollback as rolling_back
from pipeline.corpus import upgrade
from pipeline.corpus.job import BuildReport, Job, Progress
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions
from pipeline.corpus.upgrade import Foresight
from pipeline.crawl import backfill as backfilling
from pipeline.crawl import indexed
from pipeline.crawl import run as crawling
from pipeline.crawl.backfill import Wish
from pipeline.crawl.backlog import Span
from pipeline.crawl.gaps import Gap, find_gaps
from pipeline.crawl.indexed import IndexPlan, IndexWish
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.tally import SourceRun, joined
from pipeline.errors import BusyError, RefusedError, UsageError
from pipeline.folders import Folders, declared, load_sources, whole_job
from pipeline.health.standing import status
from pipeline.health.status import Change, SourceStatus, changes, to_remember
from pipeline.records import Manifest, Source
from pipeline.takedown.places import Plan, find
from pipeline.takedown.proof import Proof, prove
from pipeline.takedown.run import TakedownReport, finish, refuse_ticket, take_down

Stopping = AbstractContextManager[threading.Event | None]
"""Entered for the length of a crawl: gives the event that ends it cleanly. A build is not asked, only killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did, from the web to the version."""

    crawled: tuple[SourceRun, ...] = ()
    """The crawl half, a row a source; empty when nothing was fetched."""
    build: BuildReport | None = None
    """The build half; None when there was none."""
    coverage: tuple[Gap, ...] = ()
    """Of a backfill that fetched: what is at hand now, and what still lacks."""
    preview: bool = False
    """Whether the build only says what would change."""
    stopped: bool = False
    """Whether somebody stopped the crawl, so that no build followed."""
    health: tuple[SourceStatus, ...] = ()
    """How every declared source stands after the run; empty where the run did not look."""
    changed: tuple[Change, ...] = ()
    """What of it is new since it was last told."""
    unsent: str | None = None
    """Why the message about it did not reach all it is for; the next run tells it again."""

    def funnel(self) -> dict[str, Counter[str]]:
        """source → found, fetched, unchanged, blocked, failed, extracted, kept, new, changed."""
        rows: dict[str, Counter[str]] = {}
        for visit in self.crawled:
            counts = rows.setdefault(visit.source, Counter())
            for word in ("found", "fetched", "unchanged", "blocked", "failed"):
                counts[word] += getattr(visit, word)
            counts["blocked"] += visit.robots
        for source, counted in (self.build.funnel if self.build else {}).items():
            counts = rows.setdefault(source, Counter())
            for word in ("extracted", "kept", "new", "changed"):
                counts[word] += counted.get(word, 0)
        return dict(sorted(rows.items()))


UNSTOPPED: Stopping = nullcontext()
"""For a crawl that nobody stops."""


def quiet(what: str, done: int, total: int) -> None:
    """The progress of a run nobody watches."""


def crawl(
    folders: Folders,
    names: Iterable[str] = (),
    *,
    everything: bool = False,
    urls: Sequence[str] | None = None,
    progress: Progress = quiet,
    stop: threading.Event | None = None,
) -> tuple[SourceRun, ...]:
    """Fetch what is due (or everything, or just some URLs) into the archive.

    Raises BusyError when another run writes to the archive, UsageError for bad source files and a user agent that
    names nobody.
    """
    chosen, agent = _to_crawl(folders, names, urls or ())
    return crawling.crawl(
        chosen,
        folders.raw,
        only_due=not everything,
        urls=urls,
        user_agent=agent,
        on_progress=lambda p: progress("fetching", p.done, p.total),
        stop=stop,
    )


def _to_crawl(
    folders: Folders, names: Iterable[str], urls: Sequence[str] = ()
) -> tuple[tuple[Source, ...], str]:
    """The sources to crawl, and who asks; UsageError where there are none, or a user agent that names nobody."""
    chosen = load_sources(folders.sources, names)
    if not chosen:
        raise UsageError(f"{folders.sources}: no sources declared; see the README on adding one")
    addresses = [address for source in chosen for address in (*source.addresses, *source.urls)]
    agent = identity.user_agent(folders.user_agent, folders.sources, [*addresses, *urls])
    finish_takedowns(folders)
    return chosen, agent


def build(
    folders: Folders,
    *,
    full: bool = False,
    preview: bool = False,
    compact: bool = False,
    confirm: bool = False,
    accept: Collection[str] = (),
    later: bool = False,
    ahead: bool = False,
    progress: Progress = quiet,
) -> BuildReport:
    """Build the next version from the archive; UsageError when there is none.

    What a gate says (corpus/gates.py) is passed over with `confirm`, or for the sources that are to be `accept`ed.
    With `later` the rows of other rules that stand are left to a rebuild, where the new ones go with them (else
    RefusedError); with `ahead` the shards are made before the corpus is locked.
    """
    job = _job(folders)
    finish_takedowns(folders)
    _refuse_unknown(job, accept)
    job = replace(
        job,
        full=full,
        preview=preview,
        compact=compact,
        confirm=confirm,
        accept=frozenset(accept),
        later=later,
    )
    watch = rates.Stopwatch(progress)
    with durations.timed() as took:
        made = building.make_ahead(job, watch) if ahead else []
        report = building.build(job, watch)
    if report.published and report.version is not None:
        durations.note(job.work, report.version, took)
    report = replace(
        report,
        extracted=report.extracted + sum(shard.extracted for shard in made),
        normalized=report.normalized + sum(shard.normalized for shard in made),
    )
    _note_rates(job.work, report, watch.seconds)
    return report


def _job(folders: Folders) -> Job:
    """A build of all declared sources and corrections; UsageError for a bad file, or when there is no archive."""
    job = whole_job(folders)
    if not folders.raw.is_dir():  # looked for here too, so that a mistyped path leaves no folder behind
        raise UsageError(
            f"{folders.raw}: no such archive folder; `corpus crawl` or `corpus import` makes one"
        )
    return job


def _refuse_unknown(job: Job, names: Collection[str]) -> None:
    """UsageError for a name that neither a source file nor the newest version has."""
    known = {source.name for source in job.sources}
    if have := list_versions(job.clean) if names else []:
        manifest = read_manifest(job.clean / have[-1])
        known |= manifest.counts.keys() | manifest.held.keys()
    if unknown := sorted(set(names) - known):
        near = difflib.get_close_matches(unknown[0], sorted(known), 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"--confirm: no source named {', '.join(unknown)}{hint}")


def _note_rates(work: Path, report: BuildReport, seconds: dict[str, float]) -> None:
    """Keep how fast a build was: of pages extracted and normalized, of texts normalized alone, of pages compared."""
    making = seconds.get("extracting", 0.0) + seconds.get("normalizing", 0.0)
    compared = sum(c.get("captures", 0) for c in report.funnel.values())
    alone = report.normalized if not report.extracted else 0
    rates.note(
        work,
        {
            "extract": (report.extracted, making),
            "normalize": (alone, making),
            "compare": (compared, seconds.get("comparing", 0.0)),
        },
    )


def foresee(folders: Folders) -> tuple[Foresight, float | None]:
    """What a build of these folders will make, and in how many seconds by the rates measured here (None: none were)."""
    job = _job(folders)
    seen = upgrade.foresee(job)
    known = rates.known(job.work)
    if "extract" in known:  # it includes the other: no text takes longer without its page
        known.setdefault("normalize", known["extract"])
    todo = {"extract": seen.extract, "normalize": seen.normalize, "compare": seen.compare}
    return seen, rates.seconds(todo, known)


def other_rules(folders: Folders) -> str | None:
    """What of the rules is not as the newest version has it, in words; None: nothing is, or there is no version."""
    return upgrade.other_rules(_job(folders))


def refresh(
    folders: Folders,
    names: Iterable[str] = (),
    *,
    everything: bool = False,
    confirm: bool = False,
    accept: Collection[str] = (),
    later: bool = False,
    progress: Progress = quiet,
    stopping: Stopping = UNSTOPPED,
) -> RunReport:
    """Fetch what is due, then build and publish."""
    with stopping as stop:
        crawled = crawl(folders, names, everything=everything, progress=progress, stop=stop)
    if stop is not None and stop.is_set():
        return RunReport(crawled=crawled, stopped=True)
    return build_and_look(
        folders,
        RunReport(crawled=crawled),
        confirm=confirm,
        accept=accept,
        later=later,
        progress=progress,
    )


def build_and_look(
    folders: Folders,
    crawled: RunReport,
    *,
    confirm: bool = False,
    accept: Collection[str] = (),
    later: bool = False,
    auto_rebuild: bool = True,
    progress: Progress = quiet,
) -> RunReport:
    """Build and publish after a crawl, then see how the sources stand, whatever came of the build.

    Without `auto_rebuild` a change of the rules is left to a rebuild, as with `later`; nothing else is.
    """
    later = later or not (auto_rebuild or other_rules(folders) is None)
    try:
        made = build(folders, confirm=confirm, accept=accept, later=later, progress=progress)
        built = replace(crawled, build=made)
    except RefusedError:
        look(folders, crawled)
        raise
    return look(folders, built)


def look(folders: Folders, report: RunReport) -> RunReport:
    """The report with how every declared source stands and what of it is new, which `notify.toml` is told too."""
    statuses = status(folders) if folders.sources.exists() and folders.raw.is_dir() else ()
    if not statuses:
        return report
    with closing(Ledger(folders.raw)) as ledger:
        changed = changes(ledger.told(), statuses)
        unsent = _sent(folders, changed)
        if unsent is None:
            ledger.tell(to_remember(statuses))
            ledger.commit()
    return replace(report, health=statuses, changed=changed, unsent=unsent)


def _sent(folders: Folders, changed: Sequence[Change]) -> str | None:
    """Sends one message about all that changed; why it did not arrive, None: it did, or none is wanted."""
    urls = notify.addresses(folders.sources.absolute().parent) if changed else ()
    if not urls:
        return None
    told = ", ".join(f"{each.source} {each.now.state}" for each in changed)
    try:
        notify.send(urls, f"corpus: {told}"[:200], "\n".join(each.words for each in changed))
    except notify.NotSentError as error:
        return str(error)
    return None


def plan_backfill(
    folders: Folders,
    *,
    since: date | None = None,
    until: date | None = None,
    names: Iterable[str] = (),
    urls: Sequence[str] = (),
) -> tuple[Gap, ...]:
    """What the archive holds and lacks of what was published in a span, a row a source and day.

    UsageError for an unknown name or URL, or a span upside down. After a backfill it is its coverage.
    """
    if since and until and since > until:
        raise UsageError(f"--from {since} is after --to {until}")
    chosen = load_sources(folders.sources, names)
    told = coverage.days_told(folders.clean)
    return find_gaps(chosen, folders.raw, since=since, until=until, urls=urls, told=told)


def fetch_missing(
    folders: Folders,
    *,
    since: date | None = None,
    until: date | None = None,
    names: Sequence[str] = (),
    urls: Sequence[str] = (),
    max_requests: int | None = None,
    fetch: bool = True,
    progress: Progress = quiet,
    stop: threading.Event | None = None,
) -> tuple[SourceRun, ...]:
    """Search for and fetch what was published in a span; without `fetch` only raise the errors of `plan_backfill`.

    `urls` are fetched and nothing else. Whoever else wants the archive gets it first, and it goes on afterwards; a
    day of publication has the page itself to tell it. Ends after `max_requests` requests.
    """
    if not (fetch or names or urls or since or until):
        return ()
    if not fetch or urls:
        gaps = plan_backfill(folders, since=since, until=until, names=names, urls=urls)
        missing = list(dict.fromkeys(u for gap in gaps for u in gap.missing))
        return crawl(folders, names, urls=missing, progress=progress, stop=stop) if fetch and missing else ()
    if since and until and since > until:
        raise UsageError(f"--from {since} is after --to {until}")
    chosen, agent = _to_crawl(folders, names)
    wish = Wish(
        span=Span(since=since, until=until),
        date_of=coverage.date_of,
        examples=_examples(folders, chosen),
        max_requests=max_requests,
    )
    return _in_turns(folders, chosen, wish, agent, progress, stop)


WAIT = 1.0
"""Seconds between two looks of a backfill whether the run it gave way to has ended."""


def _in_turns(
    folders: Folders,
    chosen: Sequence[Source],
    wish: Wish,
    agent: str,
    progress: Progress,
    stop: threading.Event | None,
) -> tuple[SourceRun, ...]:
    """A backfill, from the beginning after each run that it gave way to: it finds again where it was."""
    rows: dict[str, SourceRun] = {}
    spent = 0
    while True:
        left = None if wish.max_requests is None else wish.max_requests - spent
        try:
            done = backfilling.backfill(
                chosen,
                folders.raw,
                replace(wish, max_requests=left),
                user_agent=agent,
                on_progress=lambda p: progress("fetching", p.done, p.total),
                stop=stop,
            )
        except BusyError:
            if not rows:
                raise
        else:
            spent += done.requests
            rows |= {r.source: joined(rows[r.source], r) if r.source in rows else r for r in done.runs}
            if not done.gave_way:
                break
        if (stop or threading.Event()).wait(WAIT):
            break
    return tuple(rows.values())


def _examples(folders: Folders, chosen: Sequence[Source]) -> dict[str, list[tuple[str, date]]]:
    """Source → the URLs of its captures with the days their pages tell."""
    told = coverage.days_told(folders.clean)
    found: dict[str, list[tuple[str, date]]] = {source.name: [] for source in chosen}
    if told and folders.raw.is_dir():
        for ref in archive.index.find(folders.raw, sources=list(found)):
            if ref.url_key in told:
                found[ref.source].append((ref.url, told[ref.url_key]))
    return found


def backfill(
    folders: Folders,
    *,
    since: date | None = None,
    until: date | None = None,
    names: Sequence[str] = (),
    urls: Sequence[str] = (),
    max_requests: int | None = None,
    fetch: bool = False,
    later: bool = False,
    progress: Progress = quiet,
    stopping: Stopping = UNSTOPPED,
) -> RunReport:
    """Bring everything the archive holds into the corpus; with `fetch`, what was published in a span and lacks too.

    Days, sources and URLs choose what is fetched. The build takes in the whole archive whatever was chosen, and
    without `fetch` it is all there is: no request is sent. `later` as of `build`.
    """
    with stopping as stop:
        crawled = fetch_missing(
            folders,
            since=since,
            until=until,
            names=names,
            urls=urls,
            max_requests=max_requests,
            fetch=fetch,
            progress=progress,
            stop=stop,
        )
    if stop is not None and stop.is_set():
        return RunReport(crawled=crawled, stopped=True)
    done = build_and_cover(
        folders, since=since, until=until, names=names, urls=urls, fetch=fetch, later=later, progress=progress
    )
    return replace(done, crawled=crawled)


def build_and_cover(
    folders: Folders,
    *,
    since: date | None = None,
    until: date | None = None,
    names: Sequence[str] = (),
    urls: Sequence[str] = (),
    fetch: bool = False,
    later: bool = False,
    progress: Progress = quiet,
) -> RunReport:
    """Build, and after a backfill that was to `fetch` say what is at hand of its days now."""
    built = build(folders, later=later, progress=progress)
    covered = plan_backfill(folders, since=since, until=until, names=names, urls=urls) if fetch else ()
    return RunReport(build=built, coverage=covered)


def rebuild(
    folders: Folders,
    *,
    preview: bool = False,
    confirm: bool = False,
    accept: Collection[str] = (),
    progress: Progress = quiet,
) -> RunReport:
    """Build everything anew under the present rules; with `preview`, only say what would change.

    What takes long, the extraction and normalization of the whole archive, is done before the corpus is locked:
    others may crawl and publish meanwhile.
    """
    report = build(
        folders,
        full=True,
        preview=preview,
        confirm=confirm,
        accept=accept,
        ahead=True,
        progress=progress,
    )
    return RunReport(build=report, preview=preview)


def rollback(folders: Folders, version: str, why: str) -> Manifest:
    """Publish a release equal to an older version, and hold builds until `release`; the release's manifest."""
    finish_takedowns(folders)
    return rolling_back.rollback(folders.job(declared(folders)), version, why)


def release(folders: Folders) -> Manifest:
    """Let builds publish again after a rollback, whose manifest is given."""
    return rolling_back.release(folders.job(()))


def bring(
    folders: Folders,
    paths: Sequence[Path],
    source: str,
    url_map: Path | None = None,
    base: str | None = None,
    progress: Progress = quiet,
) -> imports.ImportReport:
    """Take in what others saved; UsageError for an unusable map, BusyError while another run writes."""
    finish_takedowns(folders)
    return imports.import_paths(
        paths,
        folders.raw,
        source,
        url_map,
        base=base,
        on_progress=lambda done, total, _: progress("importing", done, total),
    )


def plan_indexed(folders: Folders, wish: IndexWish) -> IndexPlan:
    """What `bring_indexed` would bring; errors as there."""
    return indexed.plan_indexed(_to_read(folders, wish), folders.raw, partial(_agent_for, folders))


def bring_indexed(
    folders: Folders, wish: IndexWish, progress: Progress = quiet, stop: threading.Event | None = None
) -> imports.ImportReport:
    """Take in what an index of others' archives names; UsageError for one that is none, BusyError as of `bring`."""
    wish, agent = _to_read(folders, wish), partial(_agent_for, folders)
    finish_takedowns(folders)
    told = partial(progress, "importing")
    return indexed.import_indexed(wish, folders.raw, agent, on_progress=told, stop=stop)


def _agent_for(folders: Folders, address: str) -> str:
    web = [address] if address.startswith(("http://", "https://")) else []
    return identity.user_agent(folders.user_agent, folders.sources, web)


def _to_read(folders: Folders, wish: IndexWish) -> IndexWish:
    """A wish with the source it names, where that is declared; UsageError for a span upside down."""
    if wish.since and wish.until and wish.since > wish.until:
        raise UsageError(f"--from {wish.since} is after --to {wish.until}")
    named = next((each for each in declared(folders) if each.name == wish.source), None)
    return replace(wish, declared=named)


def takedown(
    folders: Folders,
    names: Sequence[str],
    ticket: str,
    *,
    copies: bool = False,
    dry_run: bool = False,
    approve: Callable[[Plan], bool] = lambda plan: True,
    progress: Progress = quiet,
) -> TakedownReport:
    """Take documents (ids, URLs) out of the archive and of every version, for ever.

    `approve` is shown everything before anything is touched; with `dry_run` nothing ever is. Errors as of
    `takedown.run.take_down`.
    """
    if not folders.raw.is_dir():
        raise UsageError(f"{folders.raw}: no such archive folder")
    job, now = folders.job(declared(folders)), archive.utcnow()
    if dry_run:
        refuse_ticket(job, ticket)
        return TakedownReport(plan=find(job, names, ticket, now, copies=copies, progress=progress))
    finish_takedowns(folders, progress)
    return take_down(job, names, ticket, now, copies=copies, approve=approve, progress=progress)


def finish_takedowns(folders: Folders, progress: Progress = quiet) -> None:
    """Go on with the takedowns that were killed, before anything else is written.

    Each with the corpus it was begun for, found from the archive; if that is there no more, with these folders.
    """
    raw = folders.raw.resolve()
    for each in takedowns.all_of(folders.raw):
        if not each.done:
            clean = (raw / each.clean).resolve()
            here = (
                replace(folders, clean=clean, work=(raw / each.work).resolve()) if clean.is_dir() else folders
            )
            finish(here.job(declared(folders)), each.ticket, progress)


def prove_takedown(folders: Folders, ticket: str, progress: Progress = quiet) -> Proof:
    """Search every byte of archive, work folder and corpus for the text of a takedown; UsageError for no such one."""
    found = takedowns.read(folders.raw, ticket) if TICKET.fullmatch(ticket) else None
    if found is None:
        have = ", ".join(each.ticket for each in takedowns.all_of(folders.raw)) or "none"
        raise UsageError(f"{folders.raw}: no takedown {ticket}; there are {have}")
    return prove(folders.job(()), found, progress)
