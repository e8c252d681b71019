"""A grader in students' notebooks, and a guard where they are graded.

Floor 4. `open_grader` is what an assignment's notebook calls. The autograder names
`guard.Guard`, a plugin of otter-grader, which lets `supervisor` run what was handed in;
that starts `worker`, a process with limits, and ends it if it does not end by itself.
Only `guard` and `open_grader` know otter-grader.
"""

from .notebook import open_grader

__all__ = ["open_grader"]
