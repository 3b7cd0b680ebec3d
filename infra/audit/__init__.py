"""The audit: the log, the tables beside it and the views proved by one another."""
