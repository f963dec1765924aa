"""One file under a second name: a hard link, or a copy where the file system gives none."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

NO_LINK = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What link(2) answers when there can be no link: no such thing on this file system (EPERM; ENOTSUP and ENOSYS of
network and FUSE ones), another file system (EXDEV), no more names for this file (EMLINK)."""


def link_or_copy(source: Path, target: Path) -> None:
    """Put a file under another name too, its bytes the same; the target's folder is there, the target is not.

    OSError for anything but a link that cannot be: a missing source, a target that is there, a full disk.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        shutil.copyfile(source, target)
