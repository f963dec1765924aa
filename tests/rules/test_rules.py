"""Every table reads; the fingerprint of a room knows of each module, table and library that makes its output."""

from __future__ import annotations

import ast
import shutil
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from pipeline import rules
from pipeline.corpus.plan import MADE_BY

NAMES = sorted(path.stem for path in (rules.PACKAGE / "rules").glob("*.tsv"))
MAKERS = ("extract", "normalize", *MADE_BY.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_rows_of_one_width_and_no_row_twice(name: str) -> None:
    rows = rules.table(name)
    assert rows
    assert len(set(rows)) == len(rows)


def test_a_row_of_another_width_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/bad.tsv").write_text("# comment\na\tb\n\nc\n", encoding="utf-8")
    monkeypatch.setattr(rules, "PACKAGE", tmp_path)
    with pytest.raises(ValueError, match=r"bad\.tsv:4: 1 cells, not 2"):
        rules.table.__wrapped__("bad")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("code") / "pipeline"
    shutil.copytree(rules.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "demo"))
    return copy


def fingerprint(name: str, package: Path) -> str:
    return rules.fingerprint.__wrapped__(name, package)


def changes(name: str, package: Path, path: Path) -> bool:
    """Whether one byte more in a file is another fingerprint."""
    before, was = fingerprint(name, package), path.read_bytes()
    path.write_bytes(was + b"\n")
    try:
        return fingerprint(name, package) != before
    finally:
        path.write_bytes(was)


def test_a_copy_of_the_code_has_the_fingerprint_of_the_code(package: Path) -> None:
    for name in MAKERS:
        assert fingerprint(name, package) == rules.fingerprint(name)


@pytest.mark.parametrize("room", ["extract", "normalize", "dedupe", "corpus"])
def test_one_byte_in_any_module_of_a_room_is_seen(room: str, package: Path) -> None:
    unseen = [p.name for p in sorted((package / room).glob("*.py")) if not changes(room, package, p)]
    assert unseen == []


@pytest.mark.parametrize(
    ("stage", "tables"),
    [
        (
            "extract",
            {
                "access",
                "after-title",
                "ai-agents",
                "boilerplate",
                "common-han",
                "editor-roles",
                "encoding",
                "form-titles",
                "labels",
                "marks",
                "no-names",
                "notices",
                "rights-lines",
                "shell-lines",
                "surnames",
                "tracking-keys",
                "variants",
            },
        ),
        (
            "normalize",
            {
                "common-han",
                "confusables",
                "html-tags",
                "radicals",
                "script",
                "script-characters",
                "surnames",
            },
        ),
        ("dedupe", {"after-title", "fold", "form-titles", "frame-words", "opposites", "regional"}),
    ],
)
def test_one_byte_in_a_table_is_seen_by_the_stages_that_ask_for_it_and_by_no_other(
    stage: str, tables: set[str], package: Path
) -> None:
    seen = {n for n in NAMES if changes(MADE_BY[stage], package, package / "rules" / f"{n}.tsv")}
    assert seen == tables


@pytest.mark.parametrize(
    ("stage", "module"),
    [
        ("extract", "records.py"),
        ("extract", "nextpart.py"),
        ("extract", "archive/exchange.py"),
        ("extract", "corpus/pages.py"),
        ("extract", "corpus/schema.py"),
        ("normalize", "corpus/quality.py"),
        ("corpus", "corpus/shards.py"),
        ("corpus", "rules/__init__.py"),
    ],
)
def test_what_stands_outside_a_stages_room_and_makes_its_rows_is_seen(
    stage: str, module: str, package: Path
) -> None:
    assert changes(MADE_BY[stage], package, package / module)


def test_a_normalize_rule_is_not_seen_by_extraction(package: Path) -> None:
    assert not changes(MADE_BY["extract"], package, package / "normalize/quotes.py")
    assert not changes(MADE_BY["extract"], package, package / "dedupe/run.py")


def test_another_version_of_a_library_is_seen(monkeypatch: pytest.MonkeyPatch, package: Path) -> None:
    before = {stage: fingerprint(maker, package) for stage, maker in MADE_BY.items()}
    real = rules._version
    monkeypatch.setattr(rules, "_version", lambda name: b"0" if name.lower() == "opencc" else real(name))
    after = {stage: fingerprint(maker, package) for stage, maker in MADE_BY.items()}
    assert [stage for stage in MADE_BY if before[stage] != after[stage]] == ["normalize", "corpus"]


def test_a_table_named_by_a_variable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline/bad.py").write_text("rows = table(name)\n", encoding="utf-8")
    with pytest.raises(ValueError, match="plain string"):
        fingerprint("bad", tmp_path / "pipeline")


def python_reads(source: bytes) -> tuple[set[tuple[str, ...]], set[str]]:
    """Modules and tables a source asks for, by Python's own reading."""
    modules: set[tuple[str, ...]] = set()
    tables: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules |= {(*(node.module or "").split("."), alias.name) for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "table":
            (given,) = node.args
            assert isinstance(given, ast.Constant)
            tables.add(str(given.value))
    return modules, tables


def test_every_module_asks_for_what_python_reads_in_it() -> None:
    tops = set()
    for path in sorted(rules.PACKAGE.rglob("*.py")):
        needs = rules._needs(path.read_bytes())
        assert (set(needs.modules), set(needs.tables)) == python_reads(path.read_bytes()), path
        tops |= {dotted[0] for dotted in needs.modules}
    known = packages_distributions()
    ours = {top: rules._distributions().get(top, []) for top in tops - sys.stdlib_module_names}
    assert len(ours) > 20
    assert ours == {top: sorted(set(known.get(top, []))) for top in ours}


@pytest.mark.parametrize(
    "source",
    [
        "import a.b as c, d\nimport e  # import f\n",
        "def x():\n    from a.b import (\n        c,  # of (d)\n        e as f,\n    )\n    import g\n",
        '"""A word\nimport no\nfrom no import one\n"""\nx = "table(\'no\')"  # table("no")\nfrom a import b\n',
        "x = 'it is \\' # no' + \"#\"\nimport a\ny = r'\\\\'\nimport b\n",
        "x = f\"{'#'}\"\nfrom a import b\ny = table(\n    'one',\n)\nz = [row for row in table(\"two\")]\n",
        "def table(name: str) -> None: ...\nx.table(y)\nuntable(z)\nfrom a import table\n",
        "x = '''\n'import no'\n\\'''\nimport no\n'''\nimport a\n",
    ],
)
def test_words_in_strings_and_comments_ask_for_nothing(source: str) -> None:
    needs = rules._needs(source.encode())
    assert (set(needs.modules), set(needs.tables)) == python_reads(source.encode())
