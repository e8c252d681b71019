"""Walking syntax trees: what is below a node is listed once, as no tree is changed.

Floor 3.
"""

import ast


def children(node: ast.AST) -> tuple[ast.AST, ...]:
    """Return the nodes right below a node, in the order of the source."""
    known = node.__dict__.get("_children")
    if known is None:
        known = node.__dict__["_children"] = (*ast.iter_child_nodes(node),)
    return known


def walk(node: ast.AST) -> tuple[ast.AST, ...]:
    """Return a node and all that is below it, those above first."""
    known = node.__dict__.get("_nodes")
    if known is None:
        found = [node]
        for each in found:
            found += children(each)
        known = node.__dict__["_nodes"] = (*found,)
    return known
