"""Cases, papers, discussions and state services over HTTP."""
