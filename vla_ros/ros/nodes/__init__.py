"""One file a node; a callback converts, calls the core, converts, publishes."""
