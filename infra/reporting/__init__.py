"""Reports asked for: read from the views as of a position, computed again from the log, compared, written out."""
