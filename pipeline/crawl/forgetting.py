"""What was taken down leaves the crawl's memory: its addresses, and where its bytes lay."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from pipeline.archive import cdxj
from pipeline.archive.blocklist import url_hash
from pipeline.archive.sealing import sidecar
from pipeline.web.urls import url_key


def forget(raw: Path, urls: Collection[str], captures: Collection[str], files: Collection[str]) -> None:
    """Take pages out of the ledger, by the hashes of their URL keys; for the holder of the archive's lock.

    None is owed as a part any more. `captures` are gone, and the others of `files` lie elsewhere in them now.
    Nothing of a row stays in the file. Where there is no ledger none is made. Done again it changes nothing more.
    """
    path = raw / "ledger.sqlite"
    if not path.is_file():
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as db:
        db.execute("PRAGMA secure_delete=ON")
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"url", "host", "file"} <= tables:
            return
        db.execute("BEGIN")
        known = db.execute("SELECT key, via FROM url").fetchall()
        gone = [(key,) for key, _ in known if url_hash(key) in urls]
        led = [(via,) for via in {via for _, via in known if via} if url_hash(url_key(via)) in urls]
        db.executemany("DELETE FROM url WHERE key = ?", gone)
        if "backlog" in tables:
            _out_of_backlog(db, urls)
        if "owed" in tables:
            owed = db.execute("SELECT article, part FROM owed").fetchall()
            theirs = [
                (article,)
                for article, part in owed
                if not {url_hash(article), url_hash(part)}.isdisjoint(urls)
            ]
            db.executemany("DELETE FROM owed WHERE article = ?", theirs)
        if "shown" in tables:
            shown = db.execute("SELECT list, key FROM shown").fetchall()
            hit = [each for each in shown if not {url_hash(each[0]), url_hash(each[1])}.isdisjoint(urls)]
            db.executemany("DELETE FROM shown WHERE list = ? AND key = ?", hit)
        if "twin_page" in tables:
            _out_of_twins(db, urls)
        db.executemany("UPDATE url SET via = NULL WHERE via = ?", led)
        db.executemany(
            "UPDATE url SET good_id = NULL, etag = NULL, last_modified = NULL, good_file = NULL WHERE good_id = ?",
            [(name,) for name in captures],
        )
        for file in sorted(files):
            _moved(db, raw, file)
        db.execute("COMMIT")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _out_of_backlog(db: sqlite3.Connection, urls: Collection[str]) -> None:
    """Take pages, and the lists that were read, out of what backfills found."""
    known = db.execute("SELECT key, via FROM backlog").fetchall()
    db.executemany("DELETE FROM backlog WHERE key = ?", [(k,) for k, _ in known if url_hash(k) in urls])
    led = [(via,) for via in {via for _, via in known if via} if url_hash(url_key(via)) in urls]
    db.executemany("UPDATE backlog SET via = NULL WHERE via = ?", led)
    read = {key for (key,) in db.execute("SELECT key FROM walked")}
    db.executemany("DELETE FROM walked WHERE key = ?", [(k,) for k in read if url_hash(k) in urls])


def _out_of_twins(db: sqlite3.Connection, urls: Collection[str]) -> None:
    """Take pages out of what is known of their other URLs; those stay unasked for, as URLs of a page without a name."""
    pages = db.execute("SELECT page, key FROM twin_page").fetchall()
    hit = [(page,) for page, key in pages if not {url_hash(page), url_hash(key)}.isdisjoint(urls)]
    db.executemany("DELETE FROM twin_page WHERE page = ?", hit)
    named = {page for (page,) in db.execute("SELECT DISTINCT twin_of FROM url WHERE twin_of IS NOT NULL")}
    gone = [(page,) for page in named if url_hash(page) in urls]
    db.executemany("UPDATE url SET twin_of = '' WHERE twin_of = ?", gone)


def _moved(db: sqlite3.Connection, raw: Path, file: str) -> None:
    """Say where the last good responses in a file that was written anew now lie; robots.txt is asked for again."""
    told = sidecar(raw, file)
    places = [(r.offset, r.length, r.id) for r in cdxj.refs(raw, file)] if told is not None else []
    db.executemany("UPDATE url SET good_offset = ?, good_length = ? WHERE good_id = ?", places)
    db.execute(
        "UPDATE host SET robots_file = NULL, robots_offset = NULL, robots_length = NULL, robots_until = NULL"
        " WHERE robots_file = ?",
        (file,),
    )
    if told is not None:
        db.execute("UPDATE file SET sha256 = ? WHERE name = ?", (told.sha256, file))
