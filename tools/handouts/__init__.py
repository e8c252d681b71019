"""The book to hand out, from the built pages: one PDF, one EPUB, one zip."""
