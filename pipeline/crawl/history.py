"""What the visits of a URL add up to: a pure fold, one visit after the other, into a row of the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.archive import warc
from pipeline.archive.index import Ref
from pipeline.records import Kind, Outcome
from pipeline.web import pace

LISTS = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)
EVERY = 6 * 3600.0
"""Seconds between visits of a list when the source does not say; the default of `Source.every`."""
GONE_AFTER = timedelta(days=7)
"""404 or 410 twice, at least this far apart, means gone (ours)."""
RETRY_FIRST = timedelta(hours=1)
RETRY_LAST = timedelta(days=7)
"""A failed URL comes up again after an hour, doubling to a week (ours)."""
LASTING = frozenset(
    {
        Outcome.ROBOTS,
        Outcome.TOO_LARGE,
        Outcome.NOT_HTML,
        Outcome.ADDRESS_REFUSED,
        Outcome.REDIRECT_LOOP,
        Outcome.BAD_ENCODING,
    }
)
"""Outcomes that another try in an hour would only repeat: next in a week (ours)."""
MISSING = {Outcome.GONE, Outcome.SOFT_GONE}


def next_row(
    ref: Ref, old: dict[str, object], every: float | None, changed: bool | None
) -> dict[str, object]:
    """The URL's row after one more visit: a pure fold, so a rebuild ends where the live run did."""
    at = warc.iso(ref.fetched_at)
    row = dict(old) or {"key": ref.url_key, "first_seen": at, "looks": 0, "fails": 0, "gone": 0}
    if not row["looks"]:
        row["first_seen"] = at
    row |= {"url": ref.url, "source": ref.source, "kind": ref.kind, "last_fetch": at}
    row |= {"status": ref.status, "outcome": ref.outcome, "looks": _int(row["looks"]) + 1}
    row["via"] = row.get("via") or ref.via
    row["part_of"] = row.get("part_of") or ref.part_of
    if ref.outcome == Outcome.OK:
        if changed is None:
            changed = ref.digest != row.get("good_digest")
        row |= {
            "last_ok": at, "fails": 0, "missing_since": None, "gone": 0,
            "etag": ref.etag, "last_modified": ref.last_modified, "good_url": ref.final_url,
            # An imported file is no answer of a server: nothing for a revisit to point at.
            "good_id": ref.id if ref.status else None,
            "good_at": at, "good_digest": ref.digest,
            "good_file": ref.file, "good_offset": ref.offset, "good_length": ref.length,
        }  # fmt: skip
    elif ref.outcome == Outcome.UNCHANGED:
        row |= {"last_ok": at, "fails": 0, "missing_since": None, "gone": 0}
        row |= {
            name: value for name, value in (("etag", ref.etag), ("last_modified", ref.last_modified)) if value
        }
    else:
        return row | _after_failure(ref, row)
    if changed or row.get("last_change") is None:
        row["last_change"] = at
    return row | _after_success(ref, row, every, bool(changed))


def _after_success(ref: Ref, row: dict[str, object], every: float | None, changed: bool) -> dict[str, object]:
    if ref.kind in LISTS:
        every = every or EVERY
        wait = pace.list_interval(_float(row.get("interval")) or every, changed, every)
        return {"interval": wait, "next_due": warc.iso(ref.fetched_at + timedelta(seconds=wait))}
    if ref.kind != Kind.PAGE or not ref.status:
        return {"next_due": None}
    first = _time(row["first_seen"]) or ref.fetched_at
    again = pace.page_interval(first, _int(row["looks"]), _time(row["last_change"]) or first, ref.fetched_at)
    due = None if again is None else warc.iso(ref.fetched_at + timedelta(seconds=again))
    return {"interval": again, "next_due": due}


def _after_failure(ref: Ref, row: dict[str, object]) -> dict[str, object]:
    fails = _int(row["fails"]) + 1
    if ref.status in {404, 410} or ref.outcome in MISSING:
        missing = _time(row.get("missing_since")) or ref.fetched_at
        gone = ref.fetched_at - missing >= GONE_AFTER
        due = None if gone else warc.iso(missing + GONE_AFTER)
        return {"fails": fails, "missing_since": warc.iso(missing), "gone": int(gone), "next_due": due}
    wait = RETRY_LAST if ref.outcome in LASTING else min(RETRY_FIRST * 2 ** min(fails - 1, 8), RETRY_LAST)
    return {"fails": fails, "missing_since": None, "next_due": warc.iso(ref.fetched_at + wait)}


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _time(value: object) -> datetime | None:
    return warc.moment(value) if isinstance(value, str) else None
