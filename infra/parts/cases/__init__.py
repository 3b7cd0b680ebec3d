"""Cases as every entrance asks for them: HTTP, the pages and the command line."""
