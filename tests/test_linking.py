from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.linking import link_or_copy


def refusing(number: int) -> Any:
    def link(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    return link


def test_a_link_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").samefile(tmp_path / "b")


@pytest.mark.parametrize("number", [errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS])
def test_where_there_can_be_no_link_there_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "a").write_bytes(b"text")
    monkeypatch.setattr(os, "link", refusing(number))
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"text"
    assert not (tmp_path / "a").samefile(tmp_path / "b")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EEXIST])
def test_any_other_trouble_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (tmp_path / "a").write_bytes(b"text")
    monkeypatch.setattr(os, "link", refusing(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        link_or_copy(tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "b").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"other"
