"""What the office's pages ask for, and the work on its lists in the background."""
