"""Cell types beyond PyNN's: ``sim.extra_models.NAME``, as sPyNNaker spells it, or ``sim.NAME``.

sPyNNaker has some synapse types and rules there, too, and so they are found here by the same name.  The cell types
are declared as PyNN's own are, and what is said of those holds for them: same units, same two simulators.
"""

from __future__ import annotations

from pyneuro.standardmodels import synapses
from pyneuro.standardmodels.cells import cell_type

IF_curr_dual_exp = cell_type(
    "IF_curr_dual_exp",
    """Leaky integrate-and-fire cell with three exponentially decaying synaptic currents, as in sPyNNaker.

    Its receptor types are ``excitatory``, ``excitatory2`` and ``inhibitory``, with the time constants `tau_syn_E`,
    `tau_syn_E2` and `tau_syn_I`.
    """,
    module=__name__,
)
IFCurrExpCa2Adaptive = cell_type(
    "IFCurrExpCa2Adaptive",
    """IF_curr_exp with adaptation by calcium, as in sPyNNaker.

    At each spike the current `i_ca2` (nA), which hyperpolarises the cell, grows by `i_alpha`; it decays with `tau_ca2`.
    Liu and Wang (2001) J. Computational Neuroscience 10:25-45.
    """,
    module=__name__,
)
Izhikevich_curr_exp = cell_type(
    "Izhikevich_curr_exp",
    """Izhikevich's spiking model (2003), as sPyNNaker has it under the name of Izhikevich.

    Synaptic currents (nA) decay exponentially, with time constants `tau_syn_E` and `tau_syn_I`, and 1 nA is 1 mV/ms.
    `v_thresh` is the peak of the spike.
    """,
    module=__name__,
)
Izhikevich_cond = cell_type(
    "Izhikevich_cond",
    """Izhikevich's spiking model (2003) with conductances, as sPyNNaker has it: Izhikevich_curr_exp otherwise.""",
    module=__name__,
)
QuadraticIF = cell_type(
    "QuadraticIF",
    """Quadratic integrate-and-fire cell with exponentially decaying synaptic currents.

        tau_m dV/dt = (V - v_rest) (V - v_thresh) / (v_thresh - v_rest) + tau_m/cm I

    V runs away above `v_thresh`; at `v_spike` it is reset to `v_reset`, and held there for `tau_refrac`.  The rheobase
    is cm (v_thresh - v_rest) / (4 tau_m); above it the rate grows as the square root of the distance.
    Latham et al. (2000) J. Neurophysiology 83:808-827.
    """,
    module=__name__,
)
Theta = cell_type(
    "Theta",
    """Theta neuron, QuadraticIF in an angle, with exponentially decaying synaptic currents.

        tau_m dtheta/dt = ((1 - cos theta) + (1 + cos theta) (I / i_rheobase - 1)) / 2

    A spike is where theta passes pi.  Above the rheobase the rate is sqrt(I / i_rheobase - 1) / (2 pi tau_m).
    Ermentrout and Kopell (1986) SIAM J. Applied Mathematics 46:233-253.
    """,
    module=__name__,
)
FitzHughNagumo = cell_type(
    "FitzHughNagumo",
    """FitzHugh's and Nagumo's cell with exponentially decaying synaptic currents.

        tau_m dv/dt = v - v^3/3 - w + I
        tau_w dw/dt = v + a - b w

    v and w have no unit, and 1 nA is an input of 1.  A spike is where v rises through `v_thresh`; nothing is reset.
    With the defaults the cell fires for inputs from 0.33 to 1.42 nA.
    FitzHugh (1961) Biophysical J. 1:445-466; Nagumo et al. (1962) Proc. IRE 50:2061-2070.
    """,
    module=__name__,
)
ResonateAndFire = cell_type(
    "ResonateAndFire",
    """Resonate-and-fire cell, a damped oscillator with a threshold, with exponentially decaying synaptic currents.

        dw/dt = -w / tau_m - omega (v - v_rest) + I / cm
        dv/dt = omega w - (v - v_rest) / tau_m,            omega = 2 pi frequency

    v and w are in mV.  When v reaches `v_thresh` it goes to `v_reset`, and w to `w_reset`.  Inputs that come in the
    rhythm of `frequency` (Hz) add up; those that come half a period apart cancel.
    Izhikevich (2001) Neural Networks 14:883-894.
    """,
    module=__name__,
)
HH_squid = cell_type(
    "HH_squid",
    """The squid's giant axon (1952), with exponentially decaying synaptic conductances.

        cm dv/dt = gbar_Na m^3 h (e_rev_Na - v) + gbar_K n^4 (e_rev_K - v) + g_leak (e_rev_leak - v) + I

    The defaults are those of a patch of 0.001 cm2: 1 nA is 1 uA/cm2, 1 uS is 1 mS/cm2, 1 nF is 1 uF/cm2.  The gates m,
    h and n can be recorded.  A spike is where v stops rising above 0 mV, and not within 2 ms of another one.  The cell
    rests at -64.9 mV, or at -65 with an `e_rev_leak` of -54.4; it fires repetitively from 6.2 nA on, at 53 Hz.
    Hodgkin and Huxley (1952) J. Physiology 117:500-544.
    """,
    module=__name__,
)

Neuromodulation = synapses.Neuromodulation
PfisterSpikeTriplet = synapses.SYNAPSES["PfisterSpikeTriplet"]
SpikeNearestPairRule = synapses.SYNAPSES["SpikeNearestPairRule"]
Vogels2011Rule = synapses.SYNAPSES["Vogels2011Rule"]
WeightDependenceAdditiveTriplet = synapses.SYNAPSES["WeightDependenceAdditiveTriplet"]

__all__ = [
    "FitzHughNagumo",
    "HH_squid",
    "IFCurrExpCa2Adaptive",
    "IF_curr_dual_exp",
    "Izhikevich_cond",
    "Izhikevich_curr_exp",
    "QuadraticIF",
    "ResonateAndFire",
    "Theta",
]
