"""What is true: aggregates, rules and programmes. Imports the standard library and eventsourcing, nothing of ours."""
