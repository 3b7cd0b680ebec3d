"""The counter as a plain CRUD application: what `benchmarks.counter` holds ours against."""
