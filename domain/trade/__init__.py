"""Shops, articles and prices: who takes part, what may be bought there and for how much, and the files that say so."""
