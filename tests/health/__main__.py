"""`python -m tests.health`: every state of a source and of a machine, the day of the fault and the day it was told."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from tests.health.crawled import TOLD, first_day, simulate, villages
from tests.health.faults import FAULTS, RATES, alarms, first_told
from tests.health.weeks import QUIET

SEEDS = range(4)


def main() -> None:
    """Print both tables, and the false alarms."""
    logging.disable(logging.WARNING)
    print("Counts of days, judged (a source with 12 articles a weekday, after 60 quiet days)")
    _row("what happens", "state", "fault", "told")
    for what, fault, state, _ in FAULTS:
        _row(what, state, QUIET, first_told(fault, state))
    for seed in SEEDS:
        found = alarms(seed)
        print(
            f"false alarms in {QUIET} quiet days of {len(RATES)} sources, seed {seed}: {len(found)} {found or ''}"
        )
    print("\nReal crawls of loopback servers, one a day for 60 days")
    _row("what happens", "", "day", "told")
    with tempfile.TemporaryDirectory() as folder, villages() as sources:
        days = simulate(Path(folder), sources)
    for what, day, _, holds in TOLD:
        _row(what, "", day, first_day(days, holds, day))


def _row(what: object, state: str, day: object, told: object) -> None:
    print(f"{what:<40} {state:<9} {day:>5} {'never' if told is None else told:>6}")


if __name__ == "__main__":
    main()
