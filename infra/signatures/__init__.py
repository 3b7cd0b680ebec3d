"""Electronic signatures: by certificates of authorities that are trusted, or those that a trial makes for itself."""
