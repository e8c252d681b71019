"""The colours that mean the same in every chapter (floor 4, matplotlib names only).

Blue, orange and green stay apart for colour-blind readers and keep a contrast of at
least 3:1 on white and on the dark theme's background.
"""

REAL = "#2a86c6"  # real data, and whatever is fitted to it
SYNTHETIC = "#d9630f"  # what models made, and models fitted to that
MIXED = "#2f9e76"  # a diet of both
THEORY = "black"  # drawn dashed; black follows the page's ink
