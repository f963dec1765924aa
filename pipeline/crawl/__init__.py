"""Web → raw: find, fetch and archive source pages. The order of one source's visit stands in run.py."""
