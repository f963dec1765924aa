"""`python -m pipeline.demo [PORT]`: serve the sample site for a person until Ctrl-C."""

from __future__ import annotations

import sys
import threading

from pipeline.demo.server import SampleSite


def main() -> None:
    """Print both addresses and serve the first turn, at PORT and the next one if it is given."""
    with SampleSite(int(sys.argv[1]) if sys.argv[1:] else 0) as site:
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
