"""How events travel from the log to the views. Imports domain and projections."""
