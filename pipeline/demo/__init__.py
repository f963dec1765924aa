"""The sample site: pages of our own and a loopback server that behaves like the real web."""
