"""Documents → clean: quality, deduplication, versions, and reading them.

Importing this costs pyarrow and nothing else; the rest of the room is imported by name.
"""

from pipeline.corpus.read import documents, list_versions, read, read_changes

__all__ = ["documents", "list_versions", "read", "read_changes"]
