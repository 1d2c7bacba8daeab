"""Cell models, declared once; CELL_MODELS is the registry of every cell, by PyNN's name."""

from collections.abc import Mapping
from types import MappingProxyType

from toolchain.models.declaration import CellModel, SourceModel
from toolchain.models.inputs import EXCITATORY, INHIBITORY, ConductanceInput, CurrentInput
from toolchain.models.izhikevich import IzhikevichMembrane
from toolchain.models.lif import LeakyIntegrateAndFire
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.sources import SPIKE_SOURCE_ARRAY, SPIKE_SOURCE_POISSON
from toolchain.models.synapses import Exponential

CURR_EXP = (Exponential(EXCITATORY, CurrentInput()), Exponential(INHIBITORY, CurrentInput()))
COND_EXP = (Exponential(EXCITATORY, ConductanceInput(0.0)), Exponential(INHIBITORY, ConductanceInput(-70.0)))

_CELLS = (
    PointNeuron("IF_curr_exp", LeakyIntegrateAndFire(), CURR_EXP),
    PointNeuron("IF_cond_exp", LeakyIntegrateAndFire(), COND_EXP),
    PointNeuron("Izhikevich", IzhikevichMembrane(), CURR_EXP),
    PointNeuron("Izhikevich_cond", IzhikevichMembrane(), COND_EXP),
    SPIKE_SOURCE_ARRAY,
    SPIKE_SOURCE_POISSON,
)
CELL_MODELS: Mapping[str, CellModel | SourceModel] = MappingProxyType({model.name: model for model in _CELLS})
