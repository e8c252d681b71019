"""Mixtures of Gaussians, fitted by expectation-maximisation, many chains at once.

Each chain starts by k-means++ or where the last generation's model ended,
and stops by itself once its likelihood stands still. Floor 1: it knows numpy and the
floor below, and no other family.

Two rules keep a fit going where maximum likelihood has no answer. *Collapse*: no
variance of a component, along any direction, may fall below a floor; what would is
set to it, and the fit says so (`Convergence.floored`). That is the maximum
of the likelihood among the covariances allowed, so the likelihood still never
decreases. The floor is a millionth of the mean variance of the chain's data; where a
part of the points lies far closer together than that, because columns have different
units or groups are far apart, it is lower by as much, so that what the data do carry
is fitted. *Empty*: a component with less than a millionth of a point keeps its mean
and its covariance, only its weight goes on shrinking; once it is 0 it stays 0.
"""

from .family import COVARIANCES, STARTS, GaussianMixture
from .model import Convergence, GaussianMixtureModel

__all__ = [
    "COVARIANCES",
    "STARTS",
    "Convergence",
    "GaussianMixture",
    "GaussianMixtureModel",
]
