"""What all families and models of the package share."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from collapse.categorical import Categorical, CategoricalModel
from collapse.gaussian import Gaussian, GaussianModel, MultivariateGaussianModel
from collapse.mixture import GaussianMixture, GaussianMixtureModel
from collapse.regression import LinearModel, LinearRegression

FAMILIES = [Gaussian(), Categorical(3), GaussianMixture(2), LinearRegression()]
MODELS = [
    GaussianModel(0.0, 1.0),
    MultivariateGaussianModel([0.0, 1.0], np.eye(2)),
    CategoricalModel([0.2, 0.3, 0.5]),
    GaussianMixtureModel([0.5, 0.5], [[0.0], [3.0]], [[[1.0]], [[1.0]]]),
    LinearModel([1.0, 2.0]),
]


def name(each):
    return type(each).__name__


def again(each):
    return dataclasses.replace(each)


@pytest.mark.parametrize("each", [*FAMILIES, *MODELS], ids=name)
def test_many_chains_are_served_at_once(each):
    assert each.chain_axis is True


@pytest.mark.parametrize("each", [*FAMILIES, *MODELS], ids=name)
def test_nothing_can_be_set_afterwards(each):
    for field in dataclasses.fields(each):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(each, field.name, 1)


@pytest.mark.parametrize("family", FAMILIES, ids=name)
def test_families_of_equal_settings_are_equal(family):
    assert again(family) == family
    assert hash(again(family)) == hash(family)


@pytest.mark.parametrize("model", MODELS, ids=name)
def test_a_model_is_equal_to_itself_alone(model):
    assert model == model
    assert again(model) != model
    assert len({model, again(model)}) == 2
