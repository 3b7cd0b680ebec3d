"""What terminals call."""
