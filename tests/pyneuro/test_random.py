"""The native generator draws every distribution of PyNN."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from pyNN.random import available_distributions
from scipy import stats

import pyneuro as sim

PARAMETERS = {"low": 1.0, "high": 3.0, "n": 20, "p": 0.3, "k": 2.0, "theta": 0.5, "beta": 2.0, "lambda_": 4.0}
LAWS = {
    "binomial": stats.binom(20, 0.3),
    "gamma": stats.gamma(2.0, scale=0.5),
    "exponential": stats.expon(scale=2.0),
    "lognormal": stats.lognorm(0.7, scale=np.exp(1.5)),
    "normal": stats.norm(1.5, 0.7),
    "normal_clipped": stats.truncnorm((1 - 1.5) / 0.7, (3 - 1.5) / 0.7, 1.5, 0.7),
    "poisson": stats.poisson(4.0),
    "uniform": stats.uniform(1.0, 2.0),
    "uniform_int": stats.randint(1, 9),
}


def drawn(name: str, rng: sim.NativeRNG, n: int) -> np.ndarray:
    parameters = PARAMETERS | {"mu": 1.5, "sigma": 0.7, "kappa": 1.2} | ({"low": 1, "high": 9} if "int" in name else {})
    wanted = {key: parameters[key] for key in available_distributions[name]}
    return np.asarray(sim.RandomDistribution(name, rng=rng, **wanted).next(n))


@pytest.mark.parametrize("name", available_distributions)
def test_distributions(name: str) -> None:
    """The mean is what the law says, the seed decides, and a copy goes on alike."""
    rng = sim.NativeRNG(seed=31)
    values = drawn(name, rng, 4000)
    assert np.array_equal(values, drawn(name, sim.NativeRNG(seed=31), 4000))
    copy = deepcopy(rng)
    assert np.array_equal(drawn(name, copy, 5), drawn(name, rng, 5))
    if name in LAWS:
        error = LAWS[name].std() / 4000**0.5
        assert abs(values.mean() - LAWS[name].mean()) < 5 * error
    if "clipped" in name:
        assert 1.0 <= values.min() <= values.max() <= 3.0


def test_wrong_parameters() -> None:
    """A distribution without its parameters is named."""
    with pytest.raises(KeyError, match="distribution 'uniform' takes low, high, got low"):
        sim.NativeRNG(1).next(3, "uniform", {"low": 1.0})


def test_without_a_seed_no_two_are_alike() -> None:
    """No seed, another stream each time."""
    assert sim.NativeRNG().next() != sim.NativeRNG().next()


def test_positions() -> None:
    """PyNN's structures can draw from it."""
    structure = sim.RandomStructure(sim.Sphere(2.0), rng=sim.NativeRNG(3))
    positions = structure.generate_positions(50)
    assert positions.shape == (3, 50)
    assert np.all(np.sum(positions**2, axis=0) <= 4.0)
