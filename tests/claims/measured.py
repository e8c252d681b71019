"""Writes into the ledger what the test of each claim measures, beside what it expects.

The experiment runs once, with the seed of the test. The result,
book/appendix/claims.measured.yml, is the page's; whenever the test runs, it compares.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from importlib.metadata import version

import yaml
from tqdm import tqdm

from claims.test_claims import BY_ID, SEED, estimates_of, intervals
from claims_reader import MEASURED, run_of

DIGITS = 6

HEAD = """\
# What the test of each claim measured, on which day and with which numpy: where its
# interval begins, the estimate, where it ends. `make measured` writes this file; the
# test fails where its own run says something else. `run` changes with what it does.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make measured", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="CLAIM", help="these alone")
    known = yaml.safe_load(MEASURED.read_text("utf-8")) or {}
    for name in tqdm(parser.parse_args().ids or BY_ID):
        claim = BY_ID[name]
        estimates = estimates_of(claim, SEED)
        bounds = intervals(claim, estimates)
        known[name] = {
            "values": [
                [float(f"{each:.{DIGITS}g}") for each in (low, estimate.value, high)]
                for estimate, (low, high) in zip(estimates, bounds, strict=True)
            ],
            "date": datetime.now(UTC).date().isoformat(),
            "numpy": version("numpy"),
            "run": run_of(claim),
        }
        text = yaml.safe_dump(
            {each: known[each] for each in sorted(BY_ID) if each in known},
            default_flow_style=None,
        )
        MEASURED.write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    main()
