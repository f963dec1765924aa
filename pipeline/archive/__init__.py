"""raw/: what the web said, and it never changes. What the other rooms ask of it is listed here.

Besides these they ask `index` for the rows of captures, `imports` to bring in what others saved, and `warc` for the
form of times and digests. Nothing here writes but `Writer`, `repair` and `imports`, each under the archive's lock.
"""

from pipeline.archive.exchange import Earlier
from pipeline.archive.reader import original, read, read_one, site_of
from pipeline.archive.repair import RepairReport, repair
from pipeline.archive.sealing import SealedFile, sealed
from pipeline.archive.store import lock, path_of
from pipeline.archive.verify import verify
from pipeline.archive.warc import Damaged
from pipeline.archive.withdrawn import standing
from pipeline.archive.writer import Writer, utcnow

__all__ = [
    "Damaged",
    "Earlier",
    "RepairReport",
    "SealedFile",
    "Writer",
    "lock",
    "original",
    "path_of",
    "read",
    "read_one",
    "repair",
    "sealed",
    "site_of",
    "standing",
    "utcnow",
    "verify",
]
