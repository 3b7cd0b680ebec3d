"""The till: a page for a shop without software of its own."""
