"""A run in words: what the command prints and what a flow run leaves as its artifact."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import islice

from pipeline.runs import Gap, Maintenance, RunReport

FUNNEL = ("found", "fetched", "unchanged", "blocked", "failed", "extracted", "kept", "new", "changed")
"""Columns of the funnel, in the order a page passes them."""

PLAN = ("source", "captures", "usable", "days without", "missing URLs", "requests", "hours")
"""Columns of a backfill plan."""


def funnel_rows(report: RunReport) -> list[tuple[str | int, ...]]:
    """The funnel, a row a source: its name, then the counts in the order of FUNNEL."""
    return [(source, *(counts[word] for word in FUNNEL)) for source, counts in report.funnel().items()]


def plan_rows(gaps: Sequence[Gap]) -> list[tuple[str | int | float, ...]]:
    """A backfill plan, a row a source, in the order of PLAN."""
    return [
        (g.source, g.captures, g.good, len(g.empty_days), len(g.missing), g.requests, round(g.hours, 2))
        for g in gaps
    ]


def refusals(report: RunReport) -> list[str]:
    """Why the run is not to be taken as done: sources refused by the crawl, sources held back by the build."""
    lines = [f"{visit.source} refused: {visit.refused}" for visit in report.visits if visit.refused]
    held = report.build.held if report.build is not None else {}
    return lines + [f"{name} held back: {why}" for name, why in held.items()]


def build_words(report: RunReport) -> list[str]:
    """What a build did, in plain sentences."""
    build = report.build
    if build is None:
        return []
    lines = [f"Everything was built anew: {build.full}."] if build.full else []
    lines.append(
        f"{build.files} new archive files; {build.extracted} captures extracted now, "
        f"{build.normalized} rows normalized now."
    )
    lines += [f"Held back, {name}: {why}." for name, why in build.held.items()]
    lines += [f"Look at this: {a.kind} {a.subject}: {a.detail}." for a in build.alarms]
    lines += [f"Quarantined {capture}" for capture in build.lost]
    if build.changes:
        told = ", ".join(f"{n} {key.replace(':', ' by ')}" for key, n in build.changes.items())
        lines.append(f"Documents: {told}.")
    if build.published:
        lines.append(f"Published version {build.version}.")
    elif build.version:
        lines.append(f"Nothing new to publish; version {build.version} stands.")
    else:
        lines.append("Nothing to publish yet.")
    return lines


def difference(before: str, after: str, lines: int = 8) -> list[str]:
    """The first changed lines of a text, as `-` and `+` lines cut to a readable length."""
    found = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
    shown = (line[:160] for line in found if not line.startswith(("---", "+++", "@@")))
    return list(islice(shown, lines))


def markdown_run(report: RunReport, link: str | None) -> str:
    """The funnel per source, what the build did, the samples of a preview, and a link to the version."""
    parts = [_table(("source", *FUNNEL), funnel_rows(report))]
    parts.append("\n".join(f"- {line}" for line in build_words(report)))
    if report.build is not None and report.build.samples:
        parts.append(_samples(report.build.samples))
    if link:
        parts.append(f"[The version]({link}): `{link}`")
    return "\n\n".join(parts)


def markdown_plan(gaps: Sequence[Gap]) -> str:
    """What a backfill would find and need."""
    return _table(PLAN, plan_rows(gaps))


def markdown_maintenance(done: Maintenance) -> str:
    """Which versions went, and which stay and why."""
    gone = f"Archive and corpus are whole; old versions removed: {', '.join(done.collected) or 'none'}."
    return "\n\n".join([gone, _table(("version", "why it stays"), list(done.kept.items()))])


def _samples(samples: Sequence[dict[str, str | None]]) -> str:
    """Changed documents, line against line; indented as code, so that nothing a page says acts as Markdown."""
    lines = []
    for sample in samples:
        lines += ["", f"{sample['kind']} by {sample['cause']}: {sample['title']}  {sample['url']}"]
        lines += difference(sample.get("before") or "", sample.get("after") or "")
    return "\n".join("    " + line.replace("\n", " ") for line in lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines: list[Sequence[object]] = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
