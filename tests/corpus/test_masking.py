"""A version exported with personal data masked: nothing of it is there in any form; the next one costs what is new."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.corpus import documents, list_versions, masking, read
from pipeline.corpus.build import build
from pipeline.corpus.export import Exported, export
from pipeline.corpus.exports import exported
from pipeline.corpus.identity import short_hash
from pipeline.corpus.masking import mask_row
from pipeline.corpus.personal import MASK
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.versions import verify
from pipeline.errors import RefusedError
from pipeline.records import Corrected, Document, Editor, Flag, OriginStep, Right, Span
from pipeline.runs import quiet
from tests.corpus.archives import PLAIN, failed_page, html, job, story_page, write
from tests.corpus.rows import row
from tests.corpus.test_export import die, files_of, killed_at, revise
from tests.takedown.cases import take_down

PHONE, MAIL = "13812345678", "li.ming@mail.example.cn"
KINDS = ("phone", "email")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two versions; one article of the first has personal data in title and text."""
    folder = tmp_path_factory.mktemp("masking")
    body = [*PLAIN[0].body, f"报名请致电{PHONE}，或写信给{MAIL}。"]
    page = story_page(0, body=html(f"图书室招募志愿者电话{PHONE}", body))
    write(folder / "raw", [page, story_page(1), failed_page(2, "timeout")])
    build(job(folder))
    write(folder / "raw", [story_page(3, fetched_at=page.fetched_at + timedelta(days=1))], "run-2")
    build(job(folder))
    return folder


@pytest.fixture
def clean(built: Path, tmp_path: Path) -> Path:
    for name in ("raw", "clean"):
        shutil.copytree(built / name, tmp_path / name, symlinks=True)
    return tmp_path / "clean"


def send(
    clean: Path, to: Path, version: str | None = None, *, mask: tuple[str, ...] = KINDS, mirror: bool = False
) -> Exported:
    return export(clean, str(to), version, mask=mask, mirror=mirror, progress=quiet)


def said_in(folder: Path) -> Iterator[str]:
    """All that the files of a folder say, Parquet decoded."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        is_rows = path.suffix == ".parquet"
        yield str(pq.read_table(path).to_pylist()) if is_rows else path.read_text("utf-8", "replace")


def test_nothing_of_it_is_there_in_any_form(clean: Path, tmp_path: Path) -> None:
    assert any(PHONE in said for said in said_in(clean))
    (sent,) = send(clean, tmp_path / "there").versions
    before, after = ({d.id: d for d in documents(where)} for where in (clean, tmp_path / "there"))
    assert before.keys() == after.keys()
    (was,) = (d for d in before.values() if PHONE in d.text)
    assert PHONE in (was.title or "")
    now = after.pop(was.id)
    hashes = {was.text_hash, was.extracted_hash}
    for said in said_in(tmp_path / "there"):
        assert not [each for each in (PHONE, MAIL, *hashes) if each in said]
    assert now.text == was.text.replace(PHONE, MASK * 11).replace(MAIL, MASK * len(MAIL))
    assert (now.text_hash, now.extracted_hash) == (short_hash(now.text), short_hash(now.extracted))
    assert [span.label for span in now.structure if span.kind == "masked"] == ["phone", "email"]
    assert now.flags == (*was.flags, Flag(name="masked"))
    assert all(before[ident] == row for ident, row in after.items()), "what has none is as it was"
    assert sent.masked == {"email": 2, "phone": 4}, "title and text, as extracted and in the corpus's form"
    manifest = read_manifest(tmp_path / "there/2.2.0")
    assert manifest.masked == sent.masked
    tables = {f.file.partition("/")[0] for f in manifest.files if f.rows is not None}
    assert tables == {"articles", "dropped", "life"}
    assert "**Masked:**" in (tmp_path / "there/2.2.0/README.md").read_text("utf-8")
    assert verify(tmp_path / "there/2.2.0") == []


def test_the_next_one_masks_and_sends_what_is_new(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[str] = []

    def counted(row: Document, kinds: tuple[str, ...]) -> object:
        masked.append(row.id)
        return mask_row(row, kinds)

    monkeypatch.setattr(masking, "mask_row", counted)
    send(clean, tmp_path / "there", "2.1")
    assert len(masked) == 3
    (again,) = send(clean, tmp_path / "there", "2.1").versions
    assert (len(masked), again.sent) == (3, 0)
    (more,) = send(clean, tmp_path / "there").versions
    assert (len(masked), more.copied > 0) == (4, True)
    assert list_versions(tmp_path / "there") == ["2.1.0", "2.2.0"]
    files = [f for f in read_manifest(clean / "2.2.0").files if f.file.startswith(("articles", "dropped"))]
    kept = sorted((tmp_path / ".build/clean/masked").rglob("*.parquet"))
    assert len(kept) == len(files), "what the newest needs, once"


def test_masked_and_other_versions_never_stand_in_one_place(clean: Path, tmp_path: Path) -> None:
    send(clean, tmp_path / "masked", "2.1")
    send(clean, tmp_path / "plain", "2.1", mask=())
    noted = exported(clean)
    with pytest.raises(RefusedError, match="with --mask email,phone; say the same"):
        send(clean, tmp_path / "masked", mask=())
    with pytest.raises(RefusedError, match="with --mask email,phone; say the same"):
        send(clean, tmp_path / "masked", mask=("phone",))
    with pytest.raises(RefusedError, match="without --mask; say the same"):
        send(clean, tmp_path / "plain")
    assert exported(clean) == noted
    assert not any(PHONE in said for said in said_in(tmp_path / "masked"))


def test_sync_renews_masked_versions(clean: Path, tmp_path: Path) -> None:
    for version in ("2.1", "2.2"):
        send(clean, tmp_path / "there", version)
    revise(clean, "2.1.0", "2.1.1")
    assert send(clean, tmp_path / "there", mirror=True).removed == ("2.1.0",)
    assert list_versions(tmp_path / "there") == ["2.1.1", "2.2.0"]
    assert read(tmp_path / "there", version="2.1").num_rows == read(clean, version="2.1").num_rows
    assert not any(PHONE in said for said in said_in(tmp_path / "there"))


@pytest.mark.slow
def test_killed_while_it_masks_the_next_one_goes_on(clean: Path, tmp_path: Path) -> None:
    send(clean, tmp_path / "whole")
    shutil.rmtree(tmp_path / ".build")
    step, there = 1, tmp_path / "there"
    while killed_at(step, str(tmp_path / ".build"), partial(send, clean, there), die):
        assert not there.exists() or list_versions(there) in ([], ["2.2.0"])
        step += 9
    assert step > 20
    send(clean, there)
    assert files_of(str(there)) == files_of(str(tmp_path / "whole"))


def test_a_takedown_takes_what_was_masked(clean: Path, tmp_path: Path) -> None:
    export(clean, str(tmp_path / "there"), mask=KINDS, work=tmp_path / ".build", progress=quiet)
    assert (tmp_path / ".build/masked").is_dir()
    (tmp_path / "sources").mkdir()
    take_down(tmp_path, next(iter(documents(clean))).id)
    assert not (tmp_path / ".build/masked").exists()


def test_every_column_that_people_wrote_is_masked() -> None:
    said = f"问{PHONE}好"
    columns = [
        *("title", "title_raw", "author", "affiliation", "published_raw", "modified_raw", "origin_name"),
        *("site_name", "section", "access_raw", "reprint_terms", "terms"),
    ]
    full = row(
        0,
        **{"text": f"前{said}后", "extracted": f"前{said}后", **dict.fromkeys(columns, said)},
        **dict.fromkeys(("captions", "tags", "sections"), (said,)),
        flags=(Flag(name="lone_latin", start=3, end=6, text=said[:6]), Flag(name="title_cut", text=said)),
        structure=(Span(kind="image", level=0, start=0, end=0, label=said, target=f"https://a.cn/{PHONE}"),),
        rights=(Right(name="license", place="printed", said=said),),
        editors=(Editor(name=said, role="editor"),),
        origins=(OriginStep(name=said, url=None, how="source", confidence=0.9),),
        corrected=(Corrected(column="title", was=said),),
    )
    done, found = mask_row(full, ("phone",))
    assert found == {"phone": 23}
    assert str(done).count(PHONE) == 1, "the address of the picture stays"
    assert done.flags[0].text == f"问{MASK * 5}"
    assert mask_row(done, ("phone",)) == (done, {})


def test_the_command_says_what_it_masked(
    clean: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["export", "--clean", str(clean), "--to", str(tmp_path / "there")]
    assert main([*line, "--mask", "phone,email", "--json"]) == 0
    printed = capsys.readouterr()
    assert "Masked in 2.2.0: email 2, phone 4." in printed.err
    assert json.loads(printed.out)["versions"][0]["masked"] == {"email": 2, "phone": 4}
    with pytest.raises(SystemExit, match="2"):
        main([*line, "--mask", "phone,name"])
    assert "'name' is none of id-card, bank-card, phone, email" in capsys.readouterr().err
    assert main([*line, "--work", str(tmp_path / "w")]) == 2
    assert "--work does nothing without --mask" in capsys.readouterr().err
