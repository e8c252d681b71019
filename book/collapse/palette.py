"""The colours that mean the same in every chapter (ground floor; names for matplotlib).

Blue, orange and green stay apart for colour-blind readers and keep a contrast of at
least 3:1 on white and on the dark theme's background; words in them get some ink.
"""

REAL = "#2a86c6"  # real data, and whatever is fitted to it
SYNTHETIC = "#d9630f"  # what models made, and models fitted to that
MIXED = "#2f9e76"  # a diet of both
SECOND = "#b06ab3"  # the other of two that are compared
THEORY = "black"  # drawn dashed; black follows the page's ink
# One for each digit: the hues of matplotlib's tab10, at a luminance of one fifth.
DIGITS = (
    "#4080b8",
    "#c36008",
    "#268e26",
    "#d84a4a",
    "#9568bd",
    "#9a726b",
    "#b55d9a",
    "#7c7c7c",
    "#7f8014",
    "#0d8895",
)
