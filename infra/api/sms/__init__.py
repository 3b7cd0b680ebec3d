"""What SMS gateways call."""
