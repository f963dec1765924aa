"""Whether what was said of a page reserves it: the effects of rules/rights.tsv."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pipeline.records import Right
from pipeline.rules import table


def reservation(rights: Iterable[Right], answer_to: Collection[str] = ()) -> Right | None:
    """The fact that reserves a page, None when none does; `rights` in the order of their places.

    A tdm_open takes back the tdm_reserved of the places before it (TDMRep, "Processing priority"), and nothing else.
    `answer_to` are the tokens of crawlers whose ai_barred counts.
    """
    standing: dict[str, Right] = {}
    effects = {name: effect for name, effect, _ in table("rights")}
    for right in rights:
        effect = effects.get(right.name, "")
        if effect == "frees":
            standing.pop("tdm_reserved", None)
        elif effect == "reserves" or (effect == "asked" and right.said in answer_to):
            standing[right.name] = right
    return next(iter(standing.values()), None)
