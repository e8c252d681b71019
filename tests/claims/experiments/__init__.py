"""The experiments behind the claims ledger: a module a chapter, a function an estimate.

Each function takes the arguments of a ledger entry and a seed, runs the loop or the
exact law, and returns one `Estimate` for each value that the entry expects. Nothing
here knows what is expected. The seed is a list of the tests' seed and one of the
claim's own; claims that share a run use the first alone.
"""
