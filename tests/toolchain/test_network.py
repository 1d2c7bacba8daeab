"""Networks: files."""

from __future__ import annotations

import numpy as np
import pytest
from declared import same, values_of
from hypothesis import given, settings

from emulator.errors import ArchiveError
from toolchain.network import Network, Population, load_network, save_network


@given(network=values_of(Network))
@settings(max_examples=40, deadline=None)
def test_any_network_comes_back(tmp_path_factory: pytest.TempPathFactory, network: Network) -> None:
    path = tmp_path_factory.mktemp("network") / "network.npz"
    save_network(path, network)
    assert same(load_network(path), network)


def test_whole_numbers_and_numpy_scalars_may_stand_for_parameters(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("network") / "network.npz"
    cells = Population("E", 2, "IF_curr_exp", {"tau_m": 20, "v_rest": np.float64(-65)})
    save_network(path, Network("n", 1.0, (cells,), ()))
    assert load_network(path).populations[0].parameters == {"tau_m": 20.0, "v_rest": -65.0}
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ArchiveError, match=r"network\.npz: not a complete pyneuro network file"):
        load_network(path)
