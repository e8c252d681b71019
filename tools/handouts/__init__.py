"""The book to hand out, from the built pages: one PDF, one EPUB, one zip."""

from collapse.exercises.check import SITE as NEWEST
from site_address import within

SITE = within(NEWEST)
"""Where the pages are that a handout leads to: a release leads to its own."""
