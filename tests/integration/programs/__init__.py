"""Programs that don't do what is asked of them."""
