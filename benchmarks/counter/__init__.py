"""The counter under load, ours and the CRUD application of `benchmarks.crud`, by turns over the same PostgreSQL."""
