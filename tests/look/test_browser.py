"""The pages in a real browser: each opened, its main action done; none asks for anything outside or complains."""

from __future__ import annotations

from tests.look.conftest import Open


def test_home_lists_the_sources_and_goes_on_to_a_version(look: Open) -> None:
    page = look("/")
    assert page.locator("#sources ~ .wide tbody tr").count() >= 10
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('[data-stop]') !== null")
