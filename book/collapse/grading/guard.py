"""Guards the grading of a hand-in: the plugin that our autograders name. Floor 4.

otter-grader runs a hand-in and the tests in one process, without limits: what hangs,
fills the memory or ends the process ends the grading, and hidden tests and results lie
in its reach. With this plugin `supervisor` runs both, problem by problem, in a process
that is watched from outside; otter-grader gets an empty notebook to run, and then these
results. So it is everywhere where otter-grader runs: ``otter run`` and ``otter grade``
on a laptop, and Gradescope; no containers are needed.

It protects against mishaps and plain attempts, not against an expert. Answers and tests
meet in one process, where a function can look at its caller's frame, read memory by way
of ``ctypes``, or undo what watches it. Where this matters, read the code of a hand-in,
and grade in a container. macOS does not bound memory. Files that are neither in the
grader's folders nor in the home of who grades may be read.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

from otter.plugins import AbstractOtterPlugin
from otter.test_files import GradingResults
from otter.test_files.abstract_test import TestCaseResult

from .supervisor import Limits, Verdict, supervise

HIDDEN = "COLLAPSE_HIDDEN_FOLDERS"
"""A variable of the environment: further folders that no hand-in may open."""


class Guard(AbstractOtterPlugin):
    """Runs what was handed in under supervision; its settings are those of `Limits`."""

    verdicts: dict[str, Verdict]

    def before_grading(self, config: Any) -> None:
        """Remove the log: otter-grader would unpickle it, and so run what it holds.

        Parameters
        ----------
        config : AutograderConfig
            Not used.
        """
        Path(".OTTER_LOG").unlink(missing_ok=True)

    def before_execution(self, submission: Any) -> Any:
        """Run the notebook and its tests, here; leave otter-grader nothing to run.

        Parameters
        ----------
        submission : NotebookNode
            The notebook that was handed in.

        Returns
        -------
        NotebookNode
            The same without cells.
        """
        tests = {
            path.stem: path.read_text("utf-8") for path in Path("tests").glob("*.py")
        }
        tests.pop("__init__", None)
        hidden = [str(Path.cwd().parent), *os.environ.get(HIDDEN, "").split(os.pathsep)]
        if Path.home() != Path("/"):
            hidden.append(str(Path.home()))
        self.verdicts = supervise(
            submission.cells,
            dict(sorted(tests.items())),
            Limits(**self.plugin_config),
            filter(None, hidden),
        )
        empty = copy.copy(submission)
        empty.cells = []
        return empty

    def after_grading(self, results: GradingResults) -> None:
        """Replace the results of the empty notebook.

        Parameters
        ----------
        results : GradingResults
            What otter-grader will report.
        """
        for name, file in results.results.items():
            told = outcomes(self.verdicts[name], len(file.test_cases))
            file.test_case_results = [
                TestCaseResult(test_case=case, message=message, passed=passed)
                for case, (passed, message) in zip(file.test_cases, told, strict=True)
            ]


def outcomes(verdict: Verdict, count: int) -> list[tuple[bool, str]]:
    """Return of each of a problem's tests whether it passed, and what is said of it.

    Parameters
    ----------
    verdict : Verdict
        What became of the problem.
    count : int
        How many tests it has.

    Returns
    -------
    list of (bool, str)
        In the order of the tests.
    """
    if verdict.lost:
        told = [f"No points for this problem: its code {verdict.lost}."]
        return [(False, f"❌ {said}") for said in told + ["Not tested."] * (count - 1)]
    notes = [f"A cell of this problem stopped: {each}" for each in verdict.remarks]
    notes += [
        f"Nothing is installed for grading: {each!r} was left out."
        for each in dict.fromkeys(verdict.skipped)
    ]
    return [
        (passed, "✅ Passed." if passed else "\n".join([f"❌ {said}", *notes]))
        for passed, said in verdict.cases
    ]
