"""Which addresses may be connected to, the same on every Python."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.addresses import allowed

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "addresses.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['address']}-{case['why']}")
def test_an_address_is_judged(case: dict[str, object]) -> None:
    address = str(case["address"])
    assert allowed(address, allow_private=False) is case["public"]
    assert allowed(address, allow_private=True) is case["private"]


@given(st.text(max_size=20))
def test_no_text_raises(text: str) -> None:
    allowed(text, allow_private=True)


@given(st.ip_addresses(v=4), st.booleans())
def test_a_mapped_address_is_judged_as_what_it_maps(address: IPv4Address, private: bool) -> None:
    assert allowed(f"::ffff:{address}", allow_private=private) is allowed(str(address), allow_private=private)


@given(st.ip_addresses())
def test_permission_only_adds(address: object) -> None:
    assert allowed(str(address), allow_private=True) or not allowed(str(address), allow_private=False)
