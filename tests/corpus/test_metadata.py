"""What a version says to machines, judged and loaded by the tools that read it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus.card import CARD, column_docs, write_card
from pipeline.corpus.metadata import croissant, data_package, licence, one_licence
from pipeline.corpus.publish import describe_files
from pipeline.corpus.quality import measure
from pipeline.corpus.schema import SCHEMA, to_table, write_parquet
from pipeline.records import Flag, Manifest, Span
from tests.corpus.rows import row

TERMS = {"example": "CC BY 4.0", "other": "ask the editors"}

MANIFEST = Manifest(
    version="2.7.0",
    parent="2.6.0",
    created_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
    fingerprints={},
    inputs=(),
    files=(),
    counts={"example": {"articles": 3, "timeout": 1}, "other": {"timeout": 1}},
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A version folder of two articles files and a dropped one, with records in lists and without."""
    folder = tmp_path_factory.mktemp("said")
    text = "标题一。\n第一项，第二项。"
    rich = row(
        1,
        text=text,
        flags=(
            Flag(name="no_le", start=None, end=None, text=""),
            Flag(name="doubt", start=1, end=2, text="题"),
        ),
        structure=(Span(kind="heading", level=1, start=0, end=4, label="", target=""),),
        fixes=("quotes", "marks"),
        quality=measure(text),
        agreement=0.5,
    )
    for name, rows in (
        ("articles/2026-11-01-000.parquet", [rich, row(2)]),
        ("articles/2026-11-02-000.parquet", [row(3, related_to=("a", "b"), author=None)]),
        ("dropped/2026-11-01-000.parquet", [row(4, reason="timeout", text="", title=None)]),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        write_parquet(to_table(rows), folder / name)
    manifest = replace(MANIFEST, files=describe_files(folder, None, {}))
    write_card(folder, manifest, TERMS)
    return folder, manifest


def records(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table as mlcroissant gives them, by column."""
    import mlcroissant

    loaded = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert (loaded.metadata.ctx.issues.errors, loaded.metadata.ctx.issues.warnings) == (set(), set())
    return [
        {key.partition("/")[2]: value for key, value in record.items()}
        for record in loaded.records(record_set=table)
    ]


def test_croissant_is_valid_and_its_records_are_the_rows(made: tuple[Path, Manifest]) -> None:
    folder, _ = made
    found = records(folder, "articles")
    assert [each["id"].decode() for each in found] == [row(n).id for n in (1, 2, 3)]
    first, second, third = found
    assert set(first) == set(SCHEMA.names)
    assert first["text"].decode() == "标题一。\n第一项，第二项。"
    assert [name.decode() for name in first["fixes"]] == ["quotes", "marks"]
    assert [flag["articles/flags.name"].decode() for flag in first["flags"]] == ["no_le", "doubt"]
    assert [flag["articles/flags.start"] for flag in first["flags"]] == [None, 1]
    assert first["structure"][0]["articles/structure.kind"] == b"heading"
    assert first["quality"]["articles/quality.han"] == 9
    assert first["captured_at"].to_pydatetime() == row(1).captured_at
    assert (first["agreement"], second["agreement"], second["quality"]["articles/quality.han"]) == (
        0.5,
        None,
        None,
    )
    assert [each.decode() for each in third["related_to"]] == ["a", "b"]


def test_croissant_says_what_it_is(made: tuple[Path, Manifest]) -> None:
    folder, manifest = made
    said = json.loads((folder / "croissant.json").read_text())
    assert said["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert (said["version"], said["isLiveDataset"], said["inLanguage"]) == ("2.7.0", False, "zh")
    assert said["license"] == ["https://spdx.org/licenses/CC-BY-4.0"]
    assert said["citeAs"].startswith("@misc{zh-article-corpus-2.7.0,")
    assert (said["datePublished"], said["dateModified"]) == ("2026-11-01", "2026-11-01T08:30:00Z")
    assert [(each["name"], each["creditText"]) for each in said["isBasedOn"]] == list(TERMS.items())
    assert [each["includes"] for each in said["distribution"]] == ["articles/*.parquet", "dropped/*.parquet"]
    assert len(json.dumps(said)) == len(json.dumps(croissant(more_files(manifest), TERMS)))


def more_files(manifest: Manifest) -> Manifest:
    more = [replace(file, file=file.file.replace("000", "001")) for file in manifest.files]
    return replace(manifest, files=(*manifest.files, *more))


def test_every_column_has_its_type(made: tuple[Path, Manifest]) -> None:
    said, published = croissant(made[1], TERMS), made[1].files
    bare = croissant(
        replace(made[1], files=tuple(f for f in published if f.file.startswith("dropped"))),
        TERMS,
    )
    for table, of in (("articles", said), ("dropped", bare)):
        (columns,) = of["recordSet"]
        assert columns["@id"] == table, "the columns are said once, of what is published if anything is"
        found = {field["name"]: field for field in columns["field"]}
        assert list(found) == SCHEMA.names
        parts = {part["name"]: part["dataType"] for part in found["quality"]["subField"]}
        assert (parts["quality.han"], parts["quality.han_share"]) == ("sc:Integer", "sc:Float")
        assert (found["fixes"]["repeated"], found["fixes"]["dataType"]) == (True, "sc:Text")
        assert found["flags"]["repeated"]
        assert "dataType" not in found["flags"]
        assert found["captured_at"]["dataType"] == "sc:DateTime"
        assert found["published_on"]["dataType"] == "sc:Date"
        assert "repeated" not in found["quality"]


def test_the_data_package_is_valid_to_the_last_row(made: tuple[Path, Manifest]) -> None:
    import frictionless

    folder, manifest = made
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert [task.stats["rows"] for task in report.tasks] == [2, 1]
    said = json.loads((folder / "datapackage.json").read_text())
    assert said["licenses"] == [{"name": "CC-BY-4.0", "path": "https://spdx.org/licenses/CC-BY-4.0"}]
    assert [each["title"] for each in said["sources"]] == ["example", "other"]
    schema = json.loads((folder / "tableschema.json").read_text())
    assert {each["name"]: each["description"] for each in schema["fields"]} == {
        name: column_docs()[name][1] for name in SCHEMA.names
    }
    assert [each["path"] for each in said["resources"]] == [
        file.file for file in manifest.files if file.file.startswith("articles")
    ]


def test_the_card_is_read_by_hugging_face(
    made: tuple[Path, Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    import datasets
    from huggingface_hub import DatasetCard

    folder, _ = made
    said = DatasetCard.load(folder / "README.md").data
    assert (said.language, said.license, said.size_categories) == (["zh"], "cc-by-4.0", ["n<1K"])
    assert said.pretty_name == "Chinese web-article corpus"
    sizes = {}
    for config in (None, "articles", "dropped"):
        rows = datasets.load_dataset(str(folder), config, cache_dir=str(tmp_path), split="train")
        sizes[config] = len(rows)
    assert sizes == {None: 3, "articles": 3, "dropped": 1}


@pytest.mark.parametrize(
    ("articles", "word"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M")],
)
def test_the_size_is_one_of_the_hubs_words(articles: int, word: str, tmp_path: Path) -> None:
    write_card(tmp_path, replace(MANIFEST, counts={"a": {"articles": articles}}), {})
    assert f"\nsize_categories: [{word}]\n" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ("CC BY 4.0", "cc-by-4.0"),
        ("cc-by-nc-sa-4.0 ", "cc-by-nc-sa-4.0"),
        ("CC0 1.0", "cc0-1.0"),
        ("ODbL", "odbl"),
        ("CC BY 9.0", None),
        ("all rights reserved", None),
        ("", None),
    ],
)
def test_known_licences_are_known_however_they_are_written(terms: str, name: str | None) -> None:
    assert licence(terms) == name


def test_sources_of_several_terms_make_no_one_licence(tmp_path: Path) -> None:
    both = replace(
        MANIFEST, counts={"example": {"articles": 1}, "other": {"articles": 1}, "a": {"articles": 2}}
    )
    assert one_licence(both, TERMS) is None
    said = croissant(both, TERMS)["license"]
    assert said == [
        "https://spdx.org/licenses/CC-BY-4.0",
        "ask the editors",
        "unknown: see README.md for each source",
    ]
    assert [each.get("title") for each in data_package(both, TERMS)["licenses"]] == [
        None,
        "ask the editors",
        "unknown",
    ]
    write_card(tmp_path, both, TERMS)
    head = (tmp_path / "README.md").read_text().split("---\n")[1]
    assert "license: other\nlicense_name: of-each-source\nlicense_link: README.md\n" in head


def test_equal_versions_say_equal_bytes(made: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder, manifest = made
    write_card(tmp_path, manifest, dict(reversed(TERMS.items())))
    for name in CARD:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
