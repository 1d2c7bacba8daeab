"""Cell types beyond PyNN's: ``sim.extra_models.NAME``, as sPyNNaker spells it, or ``sim.NAME``.

They are declared as PyNN's own are, and what is said of those holds for them: same units, same two simulators.
"""

from __future__ import annotations

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

__all__ = ["IFCurrExpCa2Adaptive", "IF_curr_dual_exp", "Izhikevich_cond", "Izhikevich_curr_exp"]
