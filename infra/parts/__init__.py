"""The long-running parts of an installation, each a thread of one process or a process of its own."""
