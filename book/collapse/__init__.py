"""Model collapse: one loop, many families, and what theory says about them.

Import from the modules themselves (``from collapse.recursion import recurse``);
this file loads nothing, so that a page which only needs one module stays light.
"""

__version__ = "0.1.0"
