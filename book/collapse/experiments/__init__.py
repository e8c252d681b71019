"""One module for each result that ships in `book/data`; `make data` makes them all.

Each holds `SWEEP`, the experiment; `TINY`, a variant that a test runs in seconds; and
`CHEAP`, the parameters of a cell that a test computes again and compares with the
file, up to the relative `TOLERANCE` that rounding needs on another processor; None if
rounding grows without bound, so that only the law of the chains can be compared. Above
`collapse.sweep`, on floor 3.
"""
