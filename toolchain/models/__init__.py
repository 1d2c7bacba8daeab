"""Cell models, declared once; CELL_MODELS is the registry of every cell, by PyNN's name.

It also knows every point neuron that can be composed, by the name that says of what.
"""

from toolchain.models.adaptation import CalciumAdaptation
from toolchain.models.adapting_conductances import AdaptingConductances
from toolchain.models.adaptive_exponential import AdaptiveExponential
from toolchain.models.composed import CellModels
from toolchain.models.conducting import ConductingNeuron
from toolchain.models.conducting_lif import ConductingLIF
from toolchain.models.fitzhugh_nagumo import FitzHughNagumo
from toolchain.models.generalized_integrate_and_fire import GeneralizedIntegrateAndFire
from toolchain.models.hodgkin_huxley import HodgkinHuxleyNeuron, squid_membrane, traub_membrane
from toolchain.models.inputs import EXCITATORY, INHIBITORY, ConductanceInput, CurrentInput, Names
from toolchain.models.izhikevich import IzhikevichMembrane
from toolchain.models.lif import LeakyIntegrateAndFire
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.quadratic import Quadratic
from toolchain.models.resonate_and_fire import ResonateAndFire
from toolchain.models.rising import Alpha, LinearExponential
from toolchain.models.solved_izhikevich import SolvedIzhikevich
from toolchain.models.sources import SOURCE_MODELS
from toolchain.models.synapses import Delta, Exponential, Jump
from toolchain.models.theta import ThetaNeuron

CURR_EXP = (Exponential(EXCITATORY, CurrentInput()), Exponential(INHIBITORY, CurrentInput()))
COND_EXP = (Exponential(EXCITATORY, ConductanceInput(0.0)), Exponential(INHIBITORY, ConductanceInput(-70.0)))
FAST_COND_EXP = (
    Exponential(EXCITATORY, ConductanceInput(0.0), 0.2),
    Exponential(INHIBITORY, ConductanceInput(-80.0), 2.0),
)
CURR_ALPHA = (LinearExponential(EXCITATORY, CurrentInput()), LinearExponential(INHIBITORY, CurrentInput()))
COND_ALPHA = (Alpha(EXCITATORY, ConductanceInput(0.0), 0.3), Alpha(INHIBITORY, ConductanceInput(-70.0), 0.5))
EIF_EXP = (COND_EXP[0], Exponential(INHIBITORY, ConductanceInput(-80.0)))
EIF_ALPHA = (Alpha(EXCITATORY, ConductanceInput(0.0)), Alpha(INHIBITORY, ConductanceInput(-80.0)))
DUAL_EXP = (CURR_EXP[0], Exponential(Names("excitatory2", "exc2", "{}_E2", "{}_exc2"), CurrentInput()), CURR_EXP[1])

_CELLS = (
    PointNeuron("IF_curr_exp", LeakyIntegrateAndFire(), CURR_EXP),
    PointNeuron("IF_cond_exp", LeakyIntegrateAndFire(), COND_EXP),
    PointNeuron("IF_curr_alpha", LeakyIntegrateAndFire(), CURR_ALPHA),
    ConductingNeuron("IF_cond_alpha", ConductingLIF(), COND_ALPHA),
    PointNeuron("IF_curr_delta", LeakyIntegrateAndFire(), (Delta(EXCITATORY), Delta(INHIBITORY))),
    PointNeuron("IF_curr_dual_exp", LeakyIntegrateAndFire(), DUAL_EXP),
    PointNeuron("IFCurrExpCa2Adaptive", CalciumAdaptation(), CURR_EXP),
    ConductingNeuron("IF_cond_exp_gsfa_grr", AdaptingConductances(), COND_EXP),
    ConductingNeuron("GIF_cond_exp", GeneralizedIntegrateAndFire(), COND_EXP),
    ConductingNeuron("EIF_cond_exp_isfa_ista", AdaptiveExponential(), EIF_EXP),
    ConductingNeuron("EIF_cond_alpha_isfa_ista", AdaptiveExponential(), EIF_ALPHA),
    PointNeuron("Izhikevich", SolvedIzhikevich(), (Jump(EXCITATORY), Jump(INHIBITORY))),
    PointNeuron("Izhikevich_curr_exp", IzhikevichMembrane(), CURR_EXP),
    PointNeuron("FitzHughNagumo", FitzHughNagumo(), CURR_EXP),
    PointNeuron("ResonateAndFire", ResonateAndFire(), CURR_EXP),
    PointNeuron("QuadraticIF", Quadratic(), CURR_EXP),
    PointNeuron("Theta", ThetaNeuron(), CURR_EXP),
    PointNeuron("Izhikevich_cond", IzhikevichMembrane(), COND_EXP),
    HodgkinHuxleyNeuron(traub_membrane(), FAST_COND_EXP),
    HodgkinHuxleyNeuron(squid_membrane(), FAST_COND_EXP),
    *SOURCE_MODELS,
)
CELL_MODELS = CellModels("cell model", _CELLS)
BIT_EXACT = (
    "IF_curr_exp",
    "IF_cond_exp",
    "IF_curr_alpha",
    "IF_curr_delta",
    "IFCurrExpCa2Adaptive",
    "Izhikevich_curr_exp",
    "Izhikevich_cond",
)
"""Models whose arithmetic is sPyNNaker's, as traces of its code show (`pyneuro.verify`)."""
