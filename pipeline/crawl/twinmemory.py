"""What the ledger knows of URLs that are one page: rules with their evidence, and which URL a page is known under.

All of it is a fold of what the visits say (`Capture.twin`), but for the URLs that were not fetched by a rule: those
stand in the ledger alone, as links do that were found and never fetched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.archive import warc
from pipeline.archive.blocklist import url_hash
from pipeline.crawl import twins
from pipeline.crawl.twins import Rule
from pipeline.records import Kind
from pipeline.web.urls import domain

PAIRS = 5
"""So many pairs of URLs make a rule (ours); after it was wrong once ten times as many, after twice a hundred times."""
PROBE_EVERY = 100
"""One of so many URLs that a rule would spare is asked for all the same (ours) …"""
PROBE_AFTER = timedelta(days=7)
"""… and one when it was last borne out so long ago."""
SAMPLE = 2_000
"""Known pages of a folder that are held against a rule before it is believed."""

SAME, UNLIKE, FIRST = "=", "!", "."
"""What a visit says of a page: it is that of another URL; it is not, against the rules that are named; it is the first
of those that declare that address as theirs."""

TABLES = """
CREATE TABLE IF NOT EXISTS twin_rule (
  rule TEXT PRIMARY KEY, source TEXT NOT NULL, against INTEGER NOT NULL DEFAULT 0, proved TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS twin_pair (rule TEXT NOT NULL, pair TEXT NOT NULL, PRIMARY KEY (rule, pair)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS twin_page (page TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
"""
NAMES = ("twin_rule", "twin_pair", "twin_page")

_RULES = (
    "SELECT rule, source, against, proved, (SELECT count(*) FROM twin_pair p WHERE p.rule = r.rule) AS pairs"
    " FROM twin_rule r ORDER BY rule"
)
_NEW_RULE = "INSERT INTO twin_rule VALUES (?, ?, 0, ?) ON CONFLICT DO UPDATE SET proved = excluded.proved"
_AGAINST = "INSERT INTO twin_rule VALUES (?, ?, 1, NULL) ON CONFLICT DO UPDATE SET against = against + 1, proved = NULL"
_FREE = "UPDATE url SET twin_of = NULL, twin_rule = NULL, next_due = ? WHERE twin_rule = ?"
_SPARED = "SELECT count(*) FROM url WHERE twin_rule = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinRule:
    """A rule, and how far it is believed."""

    rule: Rule
    source: str
    """The source for which it was seen."""
    pairs: int
    """Pairs of URLs that bore it out."""
    against: int
    """How often it was wrong."""
    proved: datetime | None
    """When it was last borne out."""
    spared: int = 0
    """URLs that were not fetched, or not again, by it."""

    @property
    def needed(self) -> int:
        """Pairs from which it is believed."""
        return PAIRS * int(10**self.against)

    @property
    def is_believed(self) -> bool:
        """Whether URLs are folded by it."""
        return self.pairs >= self.needed

    @property
    def told(self) -> list[str]:
        """What a person should know of it: a line where it is believed, or was wrong."""
        if self.is_believed:
            seen = f"seen on {self.pairs} pairs of them"
            return [f"{self.spared} URLs of known pages not fetched: {self.rule.words}, {seen}"]
        return [f"no longer believed, all URLs are fetched: {self.rule.words}"] if self.against else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a visit says of the URL of a page, as `Capture.twin` has it."""

    sign: str
    """SAME, UNLIKE or FIRST."""
    page: str
    """URL key of the other page."""
    rules: tuple[Rule, ...] = ()
    """What it speaks for, or against."""

    def __str__(self) -> str:
        """It as the archive has it."""
        return "\n".join((self.sign, self.page, *map(str, self.rules)))


def said(text: str | None) -> Said | None:
    """What a visit said; None: nothing, or nothing that can be read."""
    sign, _, rest = (text or "").partition("\n")
    page, *rules = rest.split("\n")
    found = tuple(rule for each in rules if (rule := twins.parsed(each)) is not None)
    return Said(sign=sign, page=page, rules=found) if sign in (SAME, UNLIKE, FIRST) and page else None


def is_another(text: str | None) -> bool:
    """Whether a visit said that its page is another URL of one that is known."""
    told = said(text)
    return told is not None and told.sign == SAME


class Twins:
    """The twins of one open ledger; `write` puts a statement into its transaction."""

    def __init__(self, db: sqlite3.Connection, write: Callable[[str, Iterable[object]], None]) -> None:
        self._db = db
        self._write = write
        self._believed: dict[str, list[Rule]] | None = None
        self._counts: dict[Rule, int] = {}
        self._probes: set[str] = set()

    def rules(self, source: str | None = None) -> list[TwinRule]:
        """All rules, or those of a source, believed or not."""
        found = []
        for row in self._db.execute(_RULES):
            rule = twins.parsed(row["rule"])
            if rule is not None and source in (None, row["source"]):
                spared = self._db.execute(_SPARED, (row["rule"],)).fetchone()[0]
                told = TwinRule(
                    rule=rule,
                    source=row["source"],
                    pairs=row["pairs"],
                    against=row["against"],
                    proved=warc.moment(row["proved"] or ""),
                    spared=spared,
                )
                found.append(told)
        return found

    def rule(self, rule: Rule) -> TwinRule | None:
        """What is known of a rule; None: it was never seen."""
        return next((each for each in self.rules() if each.rule == rule), None)

    def fold(self, key: str) -> tuple[str, tuple[Rule, ...]]:
        """What a URL key comes to by the rules that are believed, and by which."""
        if self._believed is None:
            self._believed = {}
            for each in self.rules():
                if each.is_believed:
                    self._believed.setdefault(domain(f"https://{each.rule.host}/"), []).append(each.rule)
        rules = self._believed.get(domain(key), ()) if self._believed else ()
        return twins.fold(key, rules) if rules else (key, ())

    def known_under(self, page: str) -> str | None:
        """The URL key under which the page that URLs come to was first fetched; None: it was not."""
        row = self._db.execute("SELECT key FROM twin_page WHERE page = ?", (page,)).fetchone()
        return None if row is None else str(row["key"])

    def know(self, page: str, key: str) -> None:
        """Remember under which URL the page that others come to is known, if it is under none yet."""
        self._write("INSERT OR IGNORE INTO twin_page VALUES (?, ?)", (page, key))

    def is_probe(self, key: str, rule: Rule, now: datetime) -> bool:
        """Whether a URL that a rule would spare is asked for all the same, so that a rule gone wrong is found out."""
        if key not in self._probes:
            told = self.rule(rule) if rule not in self._counts else None
            count = self._counts[rule] = (told.spared if told else self._counts.get(rule, 0)) + 1
            is_old = told is not None and (told.proved is None or now - told.proved > PROBE_AFTER)
            if is_old or count % PROBE_EVERY == 0:
                self._probes.add(key)
        return key in self._probes

    def heed(self, said: Said, key: str, source: str, at: datetime) -> None:
        """Take in what a visit says for its rules, or against them."""
        when = warc.iso(at)
        for rule in said.rules:
            known = self.rule(rule)
            if said.sign == SAME:
                self._write(_NEW_RULE, (str(rule), source, when))
                if known is None or known.pairs < known.needed:
                    pair = url_hash(twins.pair_of(rule, key))  # no address that a takedown would have to find
                    self._write("INSERT OR IGNORE INTO twin_pair VALUES (?, ?)", (str(rule), pair))
            elif said.sign == UNLIKE:
                self._write(_AGAINST, (str(rule), source))
                self._write("DELETE FROM twin_pair WHERE rule = ?", (str(rule),))
                self._write(_FREE, (when, str(rule)))
            self._believed = None

    def like(self, rule: Rule, *, by_body: bool = True) -> list[tuple[str, str]]:
        """Pairs of known pages that a rule calls one and that had another body each, to be held against it.

        Without `by_body` also those of one body: of pages that a script makes it says nothing.
        """
        folder = rule.shape.partition("#")[0].partition("*")[0]
        start = f"https://{rule.host}{folder}"
        rows = self._db.execute(
            "SELECT key, good_digest FROM url WHERE key >= ? AND key < ? AND kind = ? AND good_id IS NOT NULL LIMIT ?",
            (start, f"{start}\uffff", Kind.PAGE, SAMPLE),
        ).fetchall()
        first: dict[str, tuple[str, str]] = {}
        pairs: list[tuple[str, str]] = []
        for row in rows:
            page = rule.apply(row["key"])
            if page is None:
                continue
            if page not in first:
                sql = "SELECT key, good_digest FROM url WHERE key = ? AND good_id IS NOT NULL"
                main = self._db.execute(sql, (page,)).fetchone() or row
                first[page] = (main["key"], main["good_digest"])
            key, digest = first[page]
            if key != row["key"] and not (by_body and digest == row["good_digest"]):
                pairs.append((key, row["key"]))
        return pairs

    def has_another(self, key: str, digest: str) -> bool:
        """Whether another article of the host is known: what answers all URLs alike has none."""
        host = f"https://{key.removeprefix('https://').partition('/')[0]}/"
        sql = (
            "SELECT 1 FROM url WHERE key >= ? AND key < ? AND kind = ? AND good_id IS NOT NULL AND good_digest <> ?"
            " LIMIT 1"
        )
        found = self._db.execute(sql, (host, f"{host}\uffff", Kind.PAGE, digest)).fetchone()
        return found is not None
