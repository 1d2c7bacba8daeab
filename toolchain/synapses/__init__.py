"""Synapses with dynamics, declared once for both simulators."""

from toolchain.models.parameters import Parameter
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.synapses.modulation import PARAMETERS as MODULATION_PARAMETERS
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.structure import STRUCTURAL, STRUCTURAL_PLASTIC, structure_parameters
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

STATIC = "StaticSynapse"
PLASTIC = "STDPMechanism"
ELECTRICAL = "ElectricalSynapse"
"""A gap junction: it sends no spikes, and `Projection.receptor` and `delay` say nothing."""
OTHERS = (STATIC, PLASTIC, ELECTRICAL, NEUROMODULATION, *STRUCTURAL)
"""Synapse types besides release models."""
BIT_EXACT_RULES = (
    "SpikePairRule",
    "SpikeNearestPairRule",
    "PfisterSpikeTriplet",
    "Vogels2011Rule",
    "AdditiveWeightDependence",
    "WeightDependenceAdditiveTriplet",
    "MultiplicativeWeightDependence",
)
"""Rules whose arithmetic is sPyNNaker's, as traces of its code show (`pyneuro.verify_stdp`)."""
LEARNING = (PLASTIC, STRUCTURAL_PLASTIC)
"""Those whose first two rules are a timing rule and a weight rule."""
DELAY_FRACTION = Parameter("dendritic_delay_fraction", "", 1.0, minimum=0.0, maximum=1.0)


def synapse_types() -> tuple[str, ...]:
    """The synapse types that there are, a user's own among them."""
    return (*OTHERS, *RELEASE_MODELS)


def parameters_of(synapse: str, rules: tuple[str, ...] = ()) -> tuple[Parameter, ...]:
    """The parameters of a synapse type and its rules, besides weight and delay; none of what is unknown."""
    if synapse in RELEASE_MODELS:
        return RELEASE_MODELS[synapse].parameters
    if synapse == NEUROMODULATION:
        return MODULATION_PARAMETERS
    structure = structure_parameters(rules) if synapse in STRUCTURAL else ()
    if synapse not in LEARNING:
        return structure
    timing = [parameter for name in rules if name in TIMING_RULES for parameter in TIMING_RULES[name].parameters]
    weight = [parameter for name in rules if name in WEIGHT_RULES for parameter in WEIGHT_RULES[name].parameters]
    return (*timing, *weight, DELAY_FRACTION, *structure)
