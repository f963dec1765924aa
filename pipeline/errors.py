"""What can stop a command, each with the exit code that tells its cause.

0 done   1 failed   2 usage   3 refused   4 busy   5 no space   6 offline   130 interrupted
"""

from __future__ import annotations


class CorpusError(Exception):
    """Something failed; the message names the file, key or URL and the way out."""

    exit_code = 1


class UsageError(CorpusError):
    """The command, a path or a source file is not as it must be; nothing ran."""

    exit_code = 2


class RefusedError(CorpusError):
    """A check of a version or of a source failed; what stood before still stands."""

    exit_code = 3


class BusyError(CorpusError):
    """Another process is writing the same archive or corpus."""

    exit_code = 4


class NoSpaceError(CorpusError):
    """The disk is full; what stood before still stands."""

    exit_code = 5


class OfflineError(CorpusError):
    """The network of this machine is down; nothing is counted against any source."""

    exit_code = 6
