"""raw/: what the web said, and it never changes. What the other rooms ask of it is listed here."""

from pipeline.archive.exchange import Earlier
from pipeline.archive.reader import read, read_one, site_of
from pipeline.archive.repair import repair
from pipeline.archive.sealing import SealedFile, sealed
from pipeline.archive.store import lock
from pipeline.archive.verify import verify
from pipeline.archive.warc import Damaged
from pipeline.archive.writer import Writer

__all__ = [
    "Damaged",
    "Earlier",
    "SealedFile",
    "Writer",
    "lock",
    "read",
    "read_one",
    "repair",
    "sealed",
    "site_of",
    "verify",
]
