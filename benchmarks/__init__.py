"""How fast azyq is, measured on the machine at hand: `make bench`. Nothing here is a timed test."""
