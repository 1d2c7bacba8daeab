"""Cell models, declared once; CELL_MODELS is the registry of every cell, by PyNN's name."""

from collections.abc import Mapping
from types import MappingProxyType

from toolchain.models.declaration import CellModel, SourceModel
from toolchain.models.inputs import ConductanceInput, CurrentInput
from toolchain.models.izhikevich import IzhikevichMembrane
from toolchain.models.lif import LeakyIntegrateAndFire
from toolchain.models.membrane import PointNeuron
from toolchain.models.sources import SPIKE_SOURCE_ARRAY, SPIKE_SOURCE_POISSON
from toolchain.models.synapses import ExponentialSynapses

_CELLS = (
    PointNeuron("IF_curr_exp", LeakyIntegrateAndFire(), CurrentInput(), ExponentialSynapses()),
    PointNeuron("IF_cond_exp", LeakyIntegrateAndFire(), ConductanceInput(), ExponentialSynapses()),
    PointNeuron("Izhikevich", IzhikevichMembrane(), CurrentInput(), ExponentialSynapses()),
    PointNeuron("Izhikevich_cond", IzhikevichMembrane(), ConductanceInput(), ExponentialSynapses()),
    SPIKE_SOURCE_ARRAY,
    SPIKE_SOURCE_POISSON,
)
CELL_MODELS: Mapping[str, CellModel | SourceModel] = MappingProxyType({model.name: model for model in _CELLS})
