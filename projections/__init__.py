"""What people read: one file is one view is one table, folded from the log. Imports domain."""
