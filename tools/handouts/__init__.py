"""The book to hand out: one PDF, one EPUB, one zip of the site, made from the built pages."""
