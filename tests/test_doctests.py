"""The examples in docstrings hold, and the modules that teach by them keep them."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import pipeline

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(pipeline.__path__, "pipeline.")
    if not info.name.endswith("__main__")
)
TEACHING = {
    "pipeline.archive.warc": {"moment", "record_id", "sha1"},
    "pipeline.corpus.masking": {"mask_row"},
    "pipeline.corpus.personal": {"mask"},
    "pipeline.crawl.numbered": {"numbered"},
    "pipeline.crawl.twins": {"shape", "step"},
    "pipeline.dedupe.titles": {"whole_titles"},
    "pipeline.extract.ago": {"days_ago"},
    "pipeline.extract.clock": {"clock_beside", "moment"},
    "pipeline.extract.creditline": {"is_byline", "staff_of_a_paper"},
    "pipeline.extract.dates": {"find_day", "machine_moment"},
    "pipeline.extract.inline": {"marks_of"},
    "pipeline.extract.declaredtitle": {"clean_title", "form_title"},
    "pipeline.extract.plainchrome": {"is_crumb"},
    "pipeline.extract.plainhead": {"with_labels", "without_pages", "without_references"},
    "pipeline.extract.prefilter": {"needed"},
    "pipeline.extract.plainmarkdown": {"is_markdown", "inline", "without_marks"},
    "pipeline.extract.mastline": {"people_and_papers"},
    "pipeline.extract.variants": {"in_either_script"},
    "pipeline.look.changed": {"of_line"},
    "pipeline.look.styles": {"harmless"},
    "pipeline.markdown": {"as_line", "to_markdown"},
    "pipeline.nextpart": {"part_of"},
    "pipeline.parsing": {"tamed"},
    "pipeline.rights.licences": {"licence_in"},
    "pipeline.spans": {"moved_by"},
    "pipeline.normalize": {"normalize_text", "normalize_title"},
    "pipeline.normalize.brackets": {"brackets"},
    "pipeline.normalize.punctuation": {"marks"},
    "pipeline.normalize.quotes": {"quotes"},
    "pipeline.normalize.digits": {"formal_ones"},
    "pipeline.normalize.readings": {"readings"},
    "pipeline.normalize.spacing": {"letter_spacing", "mark_spaces"},
    "pipeline.web.pace": {"retry_after_seconds"},
    "pipeline.web.urls": {"fetch_form", "same_site", "site", "surt", "url_key"},
}
"""Module → the functions that have examples."""


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    module = importlib.import_module(name)
    found = {
        test.name.rpartition(".")[2] for test in doctest.DocTestFinder().find(module, name) if test.examples
    }
    assert found == TEACHING.get(name, set())
    assert doctest.testmod(module).failed == 0
