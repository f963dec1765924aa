"""The corpus read over the network, from servers on loopback: well, badly, and from none at all."""

from __future__ import annotations

import random
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.corpus import documents, list_versions, read, remote
from pipeline.corpus.build import build
from pipeline.corpus.publish import describe_files, read_manifest, write_manifest
from pipeline.corpus.read import hash_of
from pipeline.corpus.schema import to_table, write_parquet
from pipeline.errors import CorpusError, UsageError
from tests.corpus.archives import failed_page, job, story_page, write
from tests.corpus.rows import row
from tests.corpus.served import BUCKET, Served, s3, web


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two versions."""
    folder = tmp_path_factory.mktemp("served")
    write(folder / "raw", [story_page(0), story_page(1), failed_page(2, "timeout")])
    build(job(folder))
    write(folder / "raw", [story_page(3, fetched_at=story_page(3).fetched_at + timedelta(days=1))], "run-2")
    build(job(folder))
    return folder / "clean"


@pytest.fixture
def served(clean: Path) -> Iterator[Served]:
    with web(clean.parent) as running:
        running.url += "/clean"
        yield running


@pytest.mark.parametrize("ranges", [True, False])
def test_a_served_folder_reads_as_the_folder_does(clean: Path, served: Served, ranges: bool) -> None:
    served.ranges = ranges
    assert list_versions(served.url) == ["2.1.0", "2.2.0"]
    for version in (None, "latest", "2.2.0", "2.1.0", "2.1"):
        for table in ("articles", "dropped"):
            here = read(clean, version=version, table=table)
            assert read(served.url, version=version, table=table).equals(here)
    assert list(documents(served.url)) == list(documents(clean))
    columns = ["id", "title"]
    assert read(served.url, columns=columns).equals(read(clean, columns=columns))


def test_a_version_is_asked_for_by_hash_and_read_whole(clean: Path, served: Served) -> None:
    digest = hash_of(clean / "2.1.0")
    said = f"news@2.1 sha256:{digest[:16]}"
    assert read(served.url, version=said, columns=["id"]).equals(read(clean, version="2.1", columns=["id"]))
    file = next((clean / "2.1.0/articles").iterdir()).relative_to(clean).as_posix()
    served.answer[file] = lambda data: (clean / "2.2.0/dropped/2026-11-01-000.parquet").read_bytes()
    with pytest.raises(CorpusError, match="cut short or altered"):
        read(served.url, version=said, columns=["id"])
    with pytest.raises(CorpusError, match=f"not the version of hash {digest}"):
        read(served.url, version=f"2.2 sha256:{digest}")


def test_the_command_reads_a_url(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--clean", served.url, "--version", "2.1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["read", "--clean", served.url, "--version", "2.9"]) == 2
    assert "there is no version 2.9" in capsys.readouterr().err


def test_chosen_columns_cost_their_bytes_where_the_server_gives_ranges(clean: Path, tmp_path: Path) -> None:
    folder = tmp_path / "2.1.0"
    (folder / "articles").mkdir(parents=True)
    dice = random.Random(1)
    long = [
        row(n, text="".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(2_000))) for n in range(100)
    ]
    write_parquet(to_table(long), folder / "articles/2026-11-01-000.parquet")
    made = replace(read_manifest(clean / "2.1.0"), files=describe_files(folder, None, {}))
    write_manifest(folder, made)
    whole = (folder / "articles/2026-11-01-000.parquet").stat().st_size
    with web(tmp_path) as served:
        here = read(served.url + "/2.1.0", columns=["id"])
        assert here["id"].to_pylist() == [document.id for document in long]
        assert 0 < served.sent(".parquet") < whole / 4
        served.log.clear()
        served.ranges = False
        assert read(served.url + "/2.1.0", columns=["id"]).equals(here)
        assert served.sent(".parquet") == whole


def test_documents_that_a_takedown_is_at_work_on_are_given_to_nobody(clean: Path, tmp_path: Path) -> None:
    shutil.copytree(clean, tmp_path / "clean", symlinks=True)
    away, *left = read(clean)["id"].to_pylist()
    (tmp_path / "clean/TAKEDOWN").write_text(f"{away}\n")
    with web(tmp_path / "clean") as running:
        for url in (running.url, f"{running.url}/2.2.0"):
            assert read(url)["id"].to_pylist() == left
            assert read(url, columns=["title"]).num_rows == len(left)


def test_a_version_may_be_named_by_its_own_url(clean: Path, served: Served) -> None:
    assert read(f"{served.url}/2.1.0/").equals(read(clean, version="2.1"))
    with pytest.raises(UsageError, match="there is no version 2\\.7"):
        read(f"{served.url}/2.1.0", version="2.7.0")


def test_a_pointer_file_is_believed_before_the_folder(clean: Path, served: Served, tmp_path: Path) -> None:
    shutil.copytree(clean, tmp_path / "clean", symlinks=True)
    (tmp_path / "clean/LATEST").write_text("2.1.0\n")
    (tmp_path / "clean/VERSIONS").write_text("2.1.0\n")
    with web(tmp_path) as other:
        other.lists = False
        url = f"{other.url}/clean"
        assert list_versions(url) == ["2.1.0"]
        assert read(url).equals(read(clean, version="2.1"))
        assert read(url, version="2.1").equals(read(clean, version="2.1"))
        (tmp_path / "clean/LATEST").write_text("<html>\n")
        with pytest.raises(CorpusError, match=r"LATEST: '<html>' is no version"):
            read(url)
        (tmp_path / "clean/LATEST").write_text("2.9.0\n")
        with pytest.raises(CorpusError, match=r"LATEST says 2\.9\.0, and there is no such version"):
            read(url)


def test_where_nothing_is_listed_a_full_version_is_enough(clean: Path, served: Served) -> None:
    served.lists = False
    assert read(served.url, version="2.1.0").equals(read(clean, version="2.1.0"))
    with pytest.raises(UsageError, match="say one in full"):
        read(served.url, version="2.1")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def altered(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


def gone(data: bytes) -> int:
    return 404


def broken(data: bytes) -> int:
    return 500


@pytest.mark.parametrize("columns", [None, ["id", "text"]])
@pytest.mark.parametrize(
    ("ending", "fault", "words"),
    [
        ("-000.parquet", cut, r"articles/.*\.parquet: cut short or altered"),
        ("-000.parquet", lambda data: b"", r"articles/.*\.parquet: cut short or altered"),
        ("-000.parquet", altered, r"articles/.*\.parquet: cut short or altered"),
        ("-000.parquet", gone, r"articles/.*\.parquet: missing, and the manifest lists it"),
        ("-000.parquet", broken, r"articles/.*\.parquet: the server gave no usable answer \(500"),
        ("manifest.json", altered, r"2\.1\.0/manifest\.json: not as it was published"),
        ("manifest.json", cut, r"2\.1\.0/manifest\.json: not as it was published"),
        ("SHA256SUMS", cut, r"2\.1\.0/manifest\.json: not as it was published"),
        ("SHA256SUMS", broken, r"2\.1\.0/SHA256SUMS: the server gave no usable answer"),
    ],
)
def test_damage_on_the_way_is_one_error_that_names_the_file(
    served: Served,
    ending: str,
    fault: Callable[[bytes], bytes | int],
    words: str,
    columns: list[str] | None,
) -> None:
    served.answer = {ending: fault}
    with pytest.raises(CorpusError, match=words):
        read(served.url, version="2.1.0", columns=columns)


def test_lives_are_fetched_where_they_are_asked_for_and_checked(served: Served) -> None:
    served.answer = {"life/00000.parquet": altered}
    assert read(served.url, columns=["id", "text"]).num_rows
    with pytest.raises(CorpusError, match=r"life/00000\.parquet: cut short or altered"):
        read(served.url, columns=["id", "gone_since"])


def test_a_file_that_lost_rows_is_noticed_by_range_too(clean: Path, served: Served) -> None:
    """A whole and valid file, but another one than was published."""
    (path,) = sorted((clean / "2.1.0/articles").glob("*.parquet"))
    (other,) = sorted((clean / "2.1.0/dropped").glob("*.parquet"))
    served.answer = {f"articles/{path.name}": lambda data: other.read_bytes()}
    with pytest.raises(CorpusError, match="cut short or altered"):
        read(served.url, version="2.1.0", columns=["id"])


def test_what_is_not_there_is_named(served: Served) -> None:
    with pytest.raises(UsageError, match="there is no version 2\\.9; there are 2\\.1\\.0, 2\\.2\\.0"):
        read(served.url, version="2.9")
    with pytest.raises(UsageError, match="no version of the corpus here"):
        read(f"{served.url}/nothing")
    with pytest.raises(UsageError, match="no table 'rows'"):
        read(served.url, table="rows")
    with pytest.raises(UsageError, match="gopher"):
        read("gopher://example.cn/clean")


def test_a_server_that_is_not_there_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(
        CorpusError, match=f"http://127.0.0.1:{port}/LATEST: the server gave no usable"
    ) as told:
        read(f"http://127.0.0.1:{port}")
    assert "\n" not in str(told.value)


def test_a_server_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        began = time.monotonic()
        with pytest.raises(CorpusError, match="the server gave no usable answer"):
            read(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        assert time.monotonic() - began < 30


def test_a_file_too_large_for_a_corpus_is_not_taken(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MOST_BYTES", 1_000)
    with pytest.raises(CorpusError, match=r"manifest\.json: more than 0 MiB; that is no file of a corpus"):
        read(served.url)


def test_a_later_schema_asks_for_an_update(clean: Path, tmp_path: Path) -> None:
    from hashlib import sha256

    folder = tmp_path / "9.1.0"
    shutil.copytree(clean / "2.1.0", folder)
    text = (folder / "manifest.json").read_text().replace('"version": "2.1.0"', '"version": "9.1.0"')
    (folder / "manifest.json").write_text(text)
    (folder / "SHA256SUMS").write_text(f"{sha256(text.encode()).hexdigest()}  manifest.json\n")
    with pytest.raises(UsageError, match=r"a version of schema 9, .* update it"):
        read(f"file://{folder}")


def test_s3_reads_as_the_folder_does(clean: Path) -> None:
    import boto3

    with s3():
        store = boto3.client("s3")
        for path in sorted(p for p in clean.glob("2.*/**/*") if p.is_file()):
            store.upload_file(str(path), BUCKET, f"zh/{path.relative_to(clean)}")
        url = f"s3://{BUCKET}/zh"
        assert list_versions(url) == ["2.1.0", "2.2.0"]
        with pytest.raises(UsageError, match="no version of the corpus here"):
            read(url)  # nothing says which is the latest
        assert read(url, version="2.1").equals(read(clean, version="2.1"))
        store.put_object(Bucket=BUCKET, Key="zh/LATEST", Body=b"2.2.0\n")
        assert read(url).equals(read(clean))
        assert read(url, columns=["id"]).equals(read(clean, columns=["id"]))
        with pytest.raises(CorpusError, match="s3://no-such-bucket"):
            read("s3://no-such-bucket/zh")


def test_a_version_is_asked_for_by_its_hash(clean: Path, served: Served) -> None:
    digest = hash_of(clean / "2.2.0")
    assert read(served.url, version=f"zh@2.2 sha256:{digest}").equals(read(clean))
    with pytest.raises(CorpusError, match="not the version of hash 0123456789abcdef"):
        read(served.url, version="2.2.0 sha256:0123456789abcdef")
