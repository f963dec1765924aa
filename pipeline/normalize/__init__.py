"""Text → text: the form a careful Chinese editor would have set."""
