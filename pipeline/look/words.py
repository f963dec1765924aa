"""Why a row is not published, in a sentence for each reason."""

from __future__ import annotations

from pipeline.explain import meaning_of


def why(reason: str) -> str:
    """A reason in a sentence, as `corpus explain` has it."""
    word, _, rest = reason.partition(":")
    if word == "failed":
        return f"Reading the page failed ({rest})."
    meaning = meaning_of(reason)[0]
    return f"{meaning[0].upper()}{meaning[1:]}."
