"""Text to learn from: an encyclopaedia whose truth is known, and real text.

Import from the modules: `grammar` (probable documents and their exact
probabilities, with its rooms `lines` and `reading`), `encyclopaedia` (the little one
written for this book, on the `topics` that it knows), `text` (files and byte-pair
encoding), `books` (98 of Project Gutenberg, by topic, after `cleaning`), `words` (what
subject they speak for; on disk, `subjects`). Floor 1; this file loads nothing.
"""
