"""What we ask: the query language, its checks and its answers."""
