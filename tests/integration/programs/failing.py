"""Ends with 7."""

raise SystemExit(7)
