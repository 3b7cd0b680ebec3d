"""What analysts and auditors read: the dashboard, the rows behind its figures, their files, and the way in."""
