"""Text to learn from: an encyclopaedia whose truth is known, and real text.

Import from the modules: `grammar` (probable documents and their exact
probabilities), `encyclopaedia` (the little one written for this book), `text` (files
and byte-pair encoding). Floor 1; this file loads nothing.
"""
