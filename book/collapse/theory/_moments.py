"""One refit, told by what it does to two averages: E σ² and Var μ.

Room of floor 2: it knows no more than numbers.
"""

from ._arguments import Numbers


def add_batch(
    variance: Numbers,
    scatter: Numbers,
    weight: Numbers,
    share: Numbers,
    size: Numbers,
    shrinkage: Numbers,
) -> tuple[Numbers, Numbers]:
    """Return E σ² and Var μ of the MLE after one more batch.

    The batch has M points, a share γ of them real and the others from the model's
    N(μ, λσ²); it makes up a share w of what the model is fitted to, the rest is what
    the model was fitted to before.
    """
    new, kept = (1 - share) * shrinkage * variance, weight * share
    return (
        (1 - weight) * variance
        + kept * (1 - weight / size)
        + weight * (1 - weight / size) * new
        + kept * (1 - kept) * scatter,
        (1 - kept) ** 2 * scatter + weight**2 * (share + new) / size,
    )
