"""What analysts read: one file a report, each with its definition, its SQL over the views, and the same from the log."""
