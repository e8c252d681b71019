"""A small language model of OPT's architecture, its decoders, and its family.

The rooms, each knowing only those before it: `tokens` (checks at the door), `network`,
`checkpoints` (files), `decoding` (writing), `states` (how far a training has come),
`training` (learning) and `family` (all of it together, one network for each chain).
Floor 1: it knows torch, numpy and the floor below, and no other family and no corpus.
"""

from .checkpoints import _export as _export  # it was here when `opt` was one file
from .checkpoints import load_opt, save_opt
from .decoding import Decoding, draw, generate, penalise, restrict
from .family import LanguageModel, TrainedLanguageModel
from .network import OPT, Cache, Layer, OPTConfig
from .training import Training, train

__all__ = [
    "OPT",
    "Cache",
    "Decoding",
    "LanguageModel",
    "Layer",
    "OPTConfig",
    "TrainedLanguageModel",
    "Training",
    "draw",
    "generate",
    "load_opt",
    "penalise",
    "restrict",
    "save_opt",
    "train",
]
