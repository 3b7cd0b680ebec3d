"""The counter of a process: tills, shelves, a shop's day, and the wallet."""
