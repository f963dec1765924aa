"""Which URLs, when and in what order: web → raw/. The order of one source's run stands in run.py."""
