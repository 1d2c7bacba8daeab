"""The reference simulator: the same Network in float64, by methods that owe nothing to the machine.

Linear cells are stepped with the exact solution of their equations, the others with a Runge-Kutta pair that
controls its own error; synaptic effects are jumps at grid times.  What a step does, and in which order, is
NEST's (Morrison et al. 2007, Neural Computation 19:47-79; Rotter & Diesmann 1999, Biological Cybernetics
81:381-402), so that the two agree to rounding, spike for spike:

1. sources that spike at ``k * dt`` send;
2. every cell's state goes from ``k * dt`` to ``(k + 1) * dt``, refractory cells holding their membrane;
3. what arrives at ``(k + 1) * dt`` jumps the receptors' variables;
4. cells at or above threshold spike, with the time ``(k + 1) * dt``, are reset, and send.

`cells` and what they use (`propagator`, `runge_kutta`, `gap_junctions`) are step 2 to 4; `sources` are step 1;
`wiring` holds all projections, each of a kind of synapses (`synapses`: static; `release`; `plasticity`;
`neuromodulation`; `rewiring`).
"""

from pyneuro.reference.simulation import ReferenceSimulation

__all__ = ["ReferenceSimulation"]
