"""The Gaussian family: one number or many, one chain or thousands side by side.

Also its exact law, which follows a chain's mean and variance without ever drawing
the samples. Floor 1: it knows numpy and the floor below, and no other family.
"""

from .family import ESTIMATORS, Gaussian
from .law import exact_law
from .model import GaussianModel, MultivariateGaussianModel

__all__ = [
    "ESTIMATORS",
    "Gaussian",
    "GaussianModel",
    "MultivariateGaussianModel",
    "exact_law",
]
