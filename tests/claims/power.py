"""Measures how often the tests of the claims fail although the claims are true.

Each experiment runs a few times. From the chains of all runs together new runs of the
claim's own size are drawn, thousands of times, and judged as the test judges. The
result, book/appendix/claims.power.yml, stands in the ledger beside each claim.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import yaml
from tqdm import tqdm

from claims.experiments.estimates import Estimate
from claims.test_claims import BY_ID, estimates_of, exact_values, holds
from claims_reader import POWER, run_of

REDRAWN = 10_000
"""Runs that are drawn from the chains of the real ones."""

TOGETHER = 2_000_000
"""Values that are held at a time."""

HEAD = """\
# How often each claim's test fails although the claim is true: failures among runs
# redrawn from so many chains, each with a seed of its own. `make power` writes this
# file; `run` changes with what the test does, and then it has to be measured anew.
"""


def failures(claim: dict, runs: Sequence[Sequence[Estimate]], seed: int = 0) -> int:
    """Count the redrawn runs that fail, of `REDRAWN` for each of the estimates.

    Parameters
    ----------
    claim : dict
        An entry of the ledger.
    runs : sequence of sequences of Estimate
        What its experiment gave for each seed.
    seed : int
        Draws the runs.

    Returns
    -------
    int
        Failures because the truth lay outside or the rival inside of the interval.
    """
    rng, failed = np.random.default_rng(seed), 0
    each = claim["false_alarm"] / len(runs[0])
    targets = zip(exact_values(claim), claim["rival"]["values"], strict=True)
    for estimates, (truth, rival) in zip(zip(*runs, strict=True), targets, strict=True):
        statistic, chains = estimates[0].statistic, len(estimates[0].values)
        pool = np.concatenate([estimate.values for estimate in estimates])
        if claim["kind"] == "equal":
            # The truth is known: the runs told only how the chains lie around it.
            pool = pool - Estimate(pool, statistic).value + truth
        batch = max(TOGETHER // chains, 1)
        for start in range(0, REDRAWN, batch):
            shape = (min(batch, REDRAWN - start), chains)
            redrawn = Estimate(pool[rng.integers(len(pool), size=shape)], statistic)
            passed = holds(claim, *redrawn.interval(each), truth, rival)
            failed += int(np.count_nonzero(~passed))
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(prog="make power", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="CLAIM", help="of these alone")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    known = yaml.safe_load(POWER.read_text("utf-8"))
    chosen = [BY_ID[name] for name in options.ids or BY_ID]
    made: dict[str, list] = {claim["id"]: [] for claim in chosen}
    # A seed at a time: claims that share a run then find it.
    runs = [(seed, claim) for seed in range(1, options.runs + 1) for claim in chosen]
    for seed, claim in tqdm(runs):
        made[claim["id"]].append(estimates_of(claim, seed))
    for name, runs in made.items():
        failed = failures(BY_ID[name], runs)
        known[name] = {
            "failures": failed,
            "of": REDRAWN,
            "chains": sum(len(run[0].values) for run in runs),
            "run": run_of(BY_ID[name]),
        }
        columns = zip(*runs, strict=True)
        values = [np.mean([each.value for each in column]) for column in columns]
        found = ", ".join(f"{value:.4g}" for value in values)
        print(f"{name}: {found}; {failed} of {REDRAWN} redrawn runs fail", flush=True)
        text = yaml.safe_dump({each: known[each] for each in BY_ID if each in known})
        POWER.write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    main()
