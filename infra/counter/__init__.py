"""The counter inside the API: calls queue up, are decided in batches, and saved in one transaction a batch."""
