"""Documents → clean: quality, deduplication, versions, and reading them.

Importing this costs pyarrow and nothing else; the rest of the room is imported by name.
"""

from pipeline.corpus.read import documents, read, versions

__all__ = ["documents", "read", "versions"]
