"""Documents → clean: quality, deduplication, versions, and reading them."""
