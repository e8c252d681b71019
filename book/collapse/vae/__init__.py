"""Variational autoencoders, many trained side by side: one batched product a layer.

`VAE` is the family, `VAEModel` what it fits. Floor 1: the rooms know torch, numpy and
the floor below, and no other family.

The likelihood is binomial: a pixel of grey level k out of `levels` is k successes in
`levels` trials, whose probability the decoder gives. For scikit-learn's digits that is
no metaphor: each of their pixels counts the black ones among 4 x 4 of a finer scan, so
`levels` is 16. The default training objective is that of a beta-VAE with beta = 4:
``log p(x|z) - 4 KL``. Divided by 4 this is 4 times the negative cross-entropy of the
grey values less the KL, as one reads it in programs that call grey values Bernoulli
probabilities; beta = 16 gives those their usual weights of 1 and 1.
"""

from .family import OUTPUTS, STARTS, VAE
from .model import VAEModel

__all__ = ["OUTPUTS", "STARTS", "VAE", "VAEModel"]
