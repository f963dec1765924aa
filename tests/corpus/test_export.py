"""A version exported to a folder and to an S3 on loopback: whole, once, and never half for a reader."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.corpus import list_versions, read, read_changes
from pipeline.corpus.build import build
from pipeline.corpus.export import Exported, export
from pipeline.corpus.exports import EXPORTS, exported, note
from pipeline.corpus.publish import describe_files, point_latest, read_manifest, write_manifest
from pipeline.corpus.versions import collect, verify
from pipeline.errors import CorpusError, NoSpaceError, RefusedError, UsageError
from tests.corpus.archives import failed_page, job, story_page, write
from tests.corpus.served import BUCKET, s3, web

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two versions that share files."""
    folder = tmp_path_factory.mktemp("export")
    write(folder / "raw", [story_page(0), story_page(1), failed_page(2, "timeout")])
    build(job(folder))
    write(folder / "raw", [story_page(3, fetched_at=story_page(3).fetched_at + timedelta(days=1))], "run-2")
    build(job(folder))
    return folder / "clean"


@pytest.fixture
def clean(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "clean", symlinks=True)


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    with s3():
        import boto3

        yield boto3.client("s3")


@pytest.fixture(params=["folder", "s3"])
def to(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "there")
    request.getfixturevalue("store")
    return f"s3://{BUCKET}/{tmp_path.name}"


def send(clean: Path, to: str, version: str | None = None, *, mirror: bool = False) -> Exported:
    return export(clean, to, version, mirror=mirror, progress=lambda what, done, total: None)


def files_of(to: str) -> dict[str, bytes]:
    """What stands at a target, by path."""
    if "://" not in to:
        top = Path(to)
        return {
            str(p.relative_to(top)): p.read_bytes()
            for p in top.rglob("*")
            if p.is_file() and not p.is_symlink()
        }
    import boto3

    client, prefix = boto3.client("s3"), to.removeprefix(f"s3://{BUCKET}/") + "/"
    found = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return {
        each["Key"].removeprefix(prefix): client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
        for each in found
    }


def put(to: str, name: str, data: bytes) -> None:
    if "://" in to:
        import boto3

        key = f"{to.removeprefix(f's3://{BUCKET}/')}/{name}"
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)
    else:
        (Path(to) / name).parent.mkdir(parents=True, exist_ok=True)
        (Path(to) / name).write_bytes(data)


def revise(clean: Path, version: str, revision: str) -> None:
    """A later revision of a version, as a takedown makes it: a row less; the earlier one goes."""
    folder = shutil.copytree(clean / version, clean / revision)
    (path,) = sorted((folder / "articles").glob("2026-11-01-*.parquet"))
    from pipeline.corpus.schema import read_parquet, write_parquet

    rows = read_parquet([path]).slice(1)
    path.unlink()
    write_parquet(rows, path)
    manifest = replace(read_manifest(folder), version=revision)
    write_manifest(folder, replace(manifest, files=describe_files(folder, None, {})))
    shutil.rmtree(clean / version)
    point_latest(clean, list_versions(clean)[-1], clean.parent)


def test_a_version_there_is_the_version_here(clean: Path, to: str) -> None:
    done = send(clean, to)
    (moved,) = done.versions
    here = {f"2.2.0/{p.relative_to(clean / '2.2.0')}" for p in (clean / "2.2.0").rglob("*") if p.is_file()}
    there = files_of(to)
    here |= {"changes/2.1.0.parquet", "changes/2.2.0.parquet"}
    assert set(there) == here | {"VERSIONS", "LATEST"}
    assert all(there[name] == (clean / name).read_bytes() for name in here)
    assert (there["VERSIONS"], there["LATEST"]) == (b"2.2.0\n", b"2.2.0\n")
    own = [name for name in here if name.startswith(moved.version)]
    assert (moved.sent, moved.there, moved.copied) == (len(own), 0, 0)
    assert moved.bytes == sum(len(there[name]) for name in own)
    assert read_changes(to if "://" in to else f"file://{to}", since="2.1").equals(
        read_changes(clean, since="2.1")
    )
    assert read(to).equals(read(clean))
    if "://" not in to:
        assert verify(Path(to) / "2.2.0") == []
        assert read(f"file://{to}").equals(read(clean))
        assert (Path(to) / "latest").readlink() == Path("2.2.0")


def test_a_second_export_sends_nothing_and_a_new_version_what_is_new(clean: Path, to: str) -> None:
    send(clean, to, "2.1")
    assert read(to).equals(read(clean, version="2.1"))
    (again,) = send(clean, to, "2.1.0").versions
    assert (again.sent, again.copied, again.bytes) == (0, 0, 0)
    (moved,) = send(clean, to).versions
    old, new = ({f.file: f.sha256 for f in read_manifest(clean / v).files} for v in ("2.1.0", "2.2.0"))
    shared = [file for file, digest in new.items() if digest in old.values()]
    assert len(shared) >= 8
    assert moved.copied == len(shared), "what a version shares with the one before is not sent"
    assert moved.bytes < sum(p.stat().st_size for p in (clean / "2.2.0").rglob("*") if p.is_file()) * 0.8
    assert list_versions(to) == ["2.1.0", "2.2.0"]
    for version in ("2.1", "2.2"):
        assert read(to, version=version).equals(read(clean, version=version))
    send(clean, to, "2.1")
    assert read(to).equals(read(clean)), "an older version does not become the latest"


def test_what_was_damaged_there_is_sent_again(clean: Path, to: str) -> None:
    send(clean, to)
    name = next(name for name in files_of(to) if name.startswith("2.2.0/articles/"))
    data = files_of(to)[name]
    put(to, name, data[:50] + bytes([data[50] ^ 1]) + data[51:])
    put(to, "2.2.0/articles/2026-11-09-000.parquet", b"left by somebody")
    with pytest.raises(CorpusError, match="cut short or altered"):
        list(read(f"file://{to}" if "://" not in to else to))
    (moved,) = send(clean, to).versions
    assert moved.sent + moved.copied == 1
    assert read(to).equals(read(clean))
    assert "2.2.0/articles/2026-11-09-000.parquet" not in files_of(to)


def test_what_is_damaged_here_is_not_sent(clean: Path, to: str) -> None:
    path = sorted((clean / "2.2.0/articles").glob("*.parquet"))[0]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1] + b"x")
    with pytest.raises(CorpusError, match=rf"{path.name}: missing, or not as it was published"):
        send(clean, to)
    assert "2.2.0/manifest.json" not in files_of(to)
    with pytest.raises(UsageError, match="no version of the corpus here"):
        read(to)


def test_what_is_being_sent_is_not_let_go_by_maintenance(clean: Path, to: str, tmp_path: Path) -> None:
    kept: dict[str, str | None] = {}

    def collecting(what: str, done: int, total: int) -> None:
        if what == "export 2.1.0" and not kept:
            kept.update((each.version, each.why) for each in collect(clean, tmp_path / "work"))

    no_room = {"KEEP_DAYS": 0, "KEEP_WEEKS": 0, "KEEP_MONTHS": 0}
    with pytest.MonkeyPatch.context() as patch:
        for name, number in no_room.items():
            patch.setattr(f"pipeline.corpus.versions.{name}", number)
        done = export(clean, to, "2.1", progress=collecting)
        assert kept == {"2.1.0": "exported", "2.2.0": "latest"}
        assert [moved.version for moved in done.versions] == ["2.1.0"]
        assert files_of(to).keys() >= {f"2.1.0/{file.file}" for file in read_manifest(clean / "2.1.0").files}
        collect(clean, tmp_path / "work")
        assert list_versions(clean) == ["2.2.0"], "nobody holds it any more"


def test_a_revision_that_takes_its_place_meanwhile_is_told(clean: Path, to: str) -> None:
    def revising(what: str, done: int, total: int) -> None:
        if what == "export 2.2.0" and (clean / "2.2.0").is_dir():
            revise(clean, "2.2.0", "2.2.1")

    with pytest.raises(
        CorpusError, match=r"2\.2\.0: was let go, or replaced by a revision, meanwhile; run again"
    ):
        export(clean, to, "2.2", progress=revising)
    done = send(clean, to)
    assert [moved.version for moved in done.versions] == ["2.2.1"]
    assert not any(name.startswith("2.2.0/") for name in files_of(to))


def test_a_revision_replaces_the_one_before_it(clean: Path, to: str) -> None:
    send(clean, to, "2.1")
    send(clean, to)
    before = read(clean)
    revise(clean, "2.2.0", "2.2.1")
    done = send(clean, to)
    assert done.removed == ("2.2.0",)
    assert list_versions(to) == ["2.1.0", "2.2.1"]
    assert read(to, version="2.2").num_rows == read(to).num_rows == before.num_rows - 1
    assert not any(name.startswith("2.2.0/") for name in files_of(to))
    assert [version for version, _ in exported(clean)] == ["2.1.0", "2.2.1"]


def test_sync_renews_what_was_revised_and_removes_what_is_gone(clean: Path, to: str) -> None:
    send(clean, to, "2.1")
    send(clean, to)
    put(to, "2.0.0/articles/half.parquet", b"of a version that is gone here, killed half-way")
    put(to, "notes.txt", b"somebody's own")
    revise(clean, "2.1.0", "2.1.1")
    assert send(clean, to).unknown == ("2.0.0", "2.1.0"), "told, and left"
    done = send(clean, to, mirror=True)
    assert (done.removed, done.unknown) == (("2.0.0", "2.1.0"), ())
    assert [moved.version for moved in done.versions] == ["2.1.1", "2.2.0"]
    there = files_of(to)
    assert {name.partition("/")[0] for name in there} == {
        "2.1.1",
        "2.2.0",
        "VERSIONS",
        "LATEST",
        "changes",
        "notes.txt",
    }
    assert there["VERSIONS"] == b"2.1.1\n2.2.0\n"
    shutil.rmtree(clean / "2.1.1")
    assert send(clean, to, mirror=True).removed == ("2.1.1",)
    assert exported(clean) == [("2.2.0", to)]


def test_what_was_taken_down_does_not_come_back(clean: Path, to: str) -> None:
    revise(clean, "2.2.0", "2.2.1")
    send(clean, to)
    shutil.copytree(clean / "2.2.1", clean / "2.2.0")
    with pytest.raises(RefusedError, match=r"2\.2\.1 stands there, made because something was taken down"):
        send(clean, to, "2.2.0")


def test_another_corpus_is_not_written_over(clean: Path, to: str) -> None:
    send(clean, to)
    before = files_of(to)
    manifest = replace(read_manifest(clean / "2.2.0"), parent=None)
    shutil.copytree(clean / "2.2.0", clean / "copy").rename(clean / "2.2.0x")
    shutil.rmtree(clean / "2.2.0")
    (clean / "2.2.0x").rename(clean / "2.2.0")
    write_manifest(clean / "2.2.0", manifest)
    with pytest.raises(RefusedError, match="another version of this name stands there"):
        send(clean, to)
    assert files_of(to) == before


def test_a_large_file_goes_in_parts_and_is_known_again(
    clean: Path, store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.corpus import export as exporting

    big = next((clean / "2.2.0/clusters").glob("sketches-*"))
    data = os.urandom(13 << 20)  # S3 takes parts of 5 MiB and more
    big.unlink()
    big.write_bytes(data)
    made = read_manifest(clean / "2.2.0")
    write_manifest(clean / "2.2.0", replace(made, files=describe_files(clean / "2.2.0", None, {})))
    monkeypatch.setattr(exporting, "PART_BYTES", 5 << 20)
    to = f"s3://{BUCKET}/{tmp_path.name}"
    send(clean, to)
    told = store.head_object(Bucket=BUCKET, Key=f"{tmp_path.name}/2.2.0/clusters/{big.name}")
    assert told["ETag"].strip('"').endswith("-3")
    assert send(clean, to).versions[0].sent == 0


def calls(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    """Whether an audit event is a step of an export: a file of the version opened, or something written there."""
    if event == "open":
        return "/2.2.0/" in str(arguments[0]) or str(arguments[0]).startswith(folder)
    return event in (
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "socket.connect",
        "os.mkdir",
    )


def die() -> None:
    os.kill(os.getpid(), 9)


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def broken() -> None:
    raise OSError(errno.EIO, "Input/output error")


def killed_at(step: int, folder: str, work: Callable[[], object], fault: Callable[[], None] = die) -> bool:
    """Run in a child in which the so-many-th step goes wrong; False when it ended before."""
    child = os.fork()
    if child == 0:
        left = step

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            if calls(event, arguments, folder):
                left -= 1
                if left == 0:
                    fault()

        sys.addaudithook(watch)
        code = 1  # a traceback
        try:
            with suppress(CorpusError):
                work()
            code = 0 if left > 0 else 9
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9, -9), f"a traceback at step {step}"
    return code != 0


def whole_or_older(clean: Path, to: str) -> None:
    """What a reader finds, whenever: 2.2.0 or 2.1.0, every byte of it."""
    found = read(to if "://" in to else f"file://{to}")
    assert any(found.equals(read(clean, version=version)) for version in ("2.1.0", "2.2.0"))
    for version in list_versions(to):
        assert read(to, version=version).equals(read(clean, version=version))


@pytest.mark.slow
@pytest.mark.parametrize("fault", [die, full, broken])
def test_killed_anywhere_a_reader_of_the_folder_sees_a_whole_version(
    clean: Path, tmp_path: Path, fault: Callable[[], None]
) -> None:
    first = str(tmp_path / "first")
    send(clean, first, "2.1")
    step = 1
    while True:
        to = str(shutil.copytree(first, tmp_path / f"at-{step}", symlinks=True))
        alive = not killed_at(step, to, partial(send, clean, to), fault)
        whole_or_older(clean, to)
        send(clean, to)
        assert read(f"file://{to}").equals(read(clean))
        assert {n.partition("/")[0] for n in files_of(to)} == {
            "2.1.0",
            "2.2.0",
            "VERSIONS",
            "LATEST",
            "changes",
        }
        assert not [name for name in files_of(to) if name.endswith((".part", ".tmp"))]
        shutil.rmtree(to)
        if alive:
            break
        step += 7 if fault is die else 17
    assert step > 50


CHILD = """
import os, sys
from pathlib import Path
from pipeline.cli import main
clean, to, left, fault = Path(sys.argv[1]), sys.argv[2], [int(sys.argv[3])], int(sys.argv[4])
def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith(str(clean / "2.2.0")):
        left[0] -= 1
        if left[0] == 0:
            if fault:
                raise OSError(fault, os.strerror(fault), arguments[0])
            os.kill(os.getpid(), 9)
sys.addaudithook(watch)
code = main(["export", "--clean", str(clean), "--to", to])
sys.exit(code if left[0] <= 0 else 70)
"""
"""An export that is killed, or whose disk fails, when it opens a file of its version for the so-many-th time."""

EXPORTED = 70
"""Exit code of one that came to its end before."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "code", "every"),
    [(0, -9, 9), (errno.ENOSPC, NoSpaceError.exit_code, 31), (errno.EIO, CorpusError.exit_code, 31)],
    ids=["killed", "full", "broken"],
)
def test_after_a_fault_anywhere_a_reader_of_the_s3_sees_a_whole_version(
    clean: Path, store: Any, tmp_path: Path, fault: int, code: int, every: int
) -> None:
    to = f"s3://{BUCKET}/{tmp_path.name}"
    send(clean, to, "2.1")
    for step in range(3, 1_000, every):
        line = [sys.executable, "-c", CHILD, str(clean), to, str(step), str(fault)]
        done = subprocess.run(line, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        whole_or_older(clean, to)
        if done.returncode == EXPORTED:
            break
        assert done.returncode == code
    assert step > 2 * every, "at several places"
    assert read(to).equals(read(clean))


@pytest.mark.parametrize("mirror", [False, True])
def test_killed_while_it_removes_the_next_one_finishes(clean: Path, tmp_path: Path, mirror: bool) -> None:
    first = str(tmp_path / "first")
    send(clean, first, "2.1")
    send(clean, first)
    revise(clean, "2.1.0", "2.1.1")
    revise(clean, "2.2.0", "2.2.1")
    gone = "2.2.0" if not mirror else "2.1.0"
    step, killed = 1, True
    while killed:
        to = str(shutil.copytree(first, tmp_path / f"at-{step}", symlinks=True))
        killed = killed_at(step, to, partial(send, clean, to, mirror=mirror))
        send(clean, to, mirror=mirror)
        assert not any(name.startswith(gone) for name in files_of(to))
        assert read(f"file://{to}").equals(read(clean))
        step += 7
    assert step > 20


def test_a_disk_that_is_full_is_told_and_the_code_is_5(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.corpus import export as exporting

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting.shutil, "copyfile", full)
    assert main(["export", "--clean", str(clean), "--to", str(tmp_path / "there")]) == NoSpaceError.exit_code
    assert "there: the disk is full" in capsys.readouterr().err


def test_what_cannot_be_reached_is_one_line_with_the_way_out(
    clean: Path,
    store: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def told(to: str) -> tuple[int, str]:
        code = main(["export", "--clean", str(clean), "--to", to])
        (line,) = capsys.readouterr().err.strip().splitlines()
        return code, line

    code, line = told("s3://no-such-bucket/zh")
    assert code == 1
    assert "s3://no-such-bucket/zh: no such bucket or folder" in line
    code, line = told("https://example.cn/zh")
    assert (code, "https://example.cn/zh: this can be read, and not written to" in line) == (2, True)
    code, line = told("nonsense://x/zh")
    assert (code, "nonsense" in line) == (2, True)
    assert told(str(clean)) == (2, f"corpus export: {clean}: this is the corpus itself; name another place")
    with web(tmp_path) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.url)
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        served.denies = True
        code, line = told("s3://closed/zh")
        assert code == 1
        assert "s3://closed/zh: no permission" in line
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()
    code, line = told("s3://gone/zh")
    assert code == 1
    assert "s3://gone/zh: the server gave no usable answer" in line
    assert "run again" in line
    monkeypatch.undo()
    s3fs.S3FileSystem.clear_instance_cache()


def test_the_command_says_what_it_did(
    clean: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = str(tmp_path / "there")
    assert main(["export", "--clean", str(clean), "--to", to, "--version", "2.1", "--json"]) == 0
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert (said["to"], [each["version"] for each in said["versions"]]) == (to, ["2.1.0"])
    assert "Exported to" in printed.err
    shutil.rmtree(clean / "2.1.0")
    assert main(["export", "--clean", str(clean), "--to", to]) == 0
    assert "no longer in this corpus: 2.1.0" in capsys.readouterr().err
    assert main(["export", "--clean", str(clean), "--to", to, "--sync"]) == 0
    assert "Removed there: 2.1.0." in capsys.readouterr().err
    assert main(["export", "--clean", str(clean), "--to", to, "--version", "2.9"]) == 2


def test_where_versions_went_is_noted_before_a_byte_is_sent(clean: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CorpusError):
        send(clean, str(tmp_path / "file/zh"))
    assert exported(clean) == [("2.2.0", str(tmp_path / "file/zh"))]
    note(clean, "s3://b/zh", sent=["2.10.0", "2.9.0"])
    note(clean, "s3://b/zh", removed=["2.9.0"])
    assert exported(clean) == [("2.2.0", str(tmp_path / "file/zh")), ("2.10.0", "s3://b/zh")]
    (clean / EXPORTS).write_text("2.2.0 s3://b/zh\n")
    with pytest.raises(RefusedError, match=r"exports\.tsv, line 1: '2\.2\.0 s3"):
        exported(clean)
