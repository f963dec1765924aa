"""`python -m pipeline.demo`: serve the sample site for a person until Ctrl-C."""

from __future__ import annotations

import threading

from pipeline.demo.server import SampleSite


def main() -> None:
    """Print both addresses and serve the first turn."""
    with SampleSite() as site:
        print(
            f"{site.base}/    the sample site\n{site.mirror}/    its copies elsewhere\nCtrl-C ends it.",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
