"""Papers made from a service's file, from a programme's, and from a case: HTML, DOCX, SVG (S002-F1 to S002-F8)."""
