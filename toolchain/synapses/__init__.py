"""Synapses with dynamics, declared once for both simulators."""

from toolchain.synapses.release import RELEASE_MODELS

STATIC = "StaticSynapse"
PLASTIC = "STDPMechanism"
ELECTRICAL = "ElectricalSynapse"
"""A gap junction: it sends no spikes, and `Projection.receptor` says nothing."""
SYNAPSES = (STATIC, PLASTIC, ELECTRICAL, *RELEASE_MODELS)
"""Synapse types there are."""
