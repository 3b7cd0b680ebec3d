"""What azyq is asked to do: one file a command, deciding on aggregates through the ports of `domain.ports`."""
