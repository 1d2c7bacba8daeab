"""The error budget: why the emulator differs from the reference, cause by cause.

Between the two simulators stand others, each of which differs from the one before in one respect:

============  =====================================================================
exact delays  the reference, its timestep so fine that no delay is rounded
reference     delays rounded to the timestep
weights       weights rounded to the 16 bits that a core stores
algorithm     the program of the core, in real numbers, and the machine's delays, which begin a step earlier and may be
              cut (``longest_delay``)
arithmetic    the same program in fixed point
emulator      the machine: ring buffers that saturate, packets that are dropped
============  =====================================================================

The script is run on each, and each is compared with the one before.  As long as the spikes agree the differences are
those of voltages and of spike times; after the first divergence a network that is chaotic is another sample of the
same statistics, and the rates, CVs and correlations count, beside the spread that the reference itself has over seeds.
Synapses with dynamics follow the reference's formulas up to ``arithmetic`` and the core's in the emulator.  Where
synapses come and go, all make the same attempts; ``exact delays`` makes them at finer times, so that of the spikes
among which it chooses partners there are fewer.
"""

from pyneuro.budget.account import Account, Share, Spread, StageRun, account

__all__ = ["Account", "Share", "Spread", "StageRun", "account"]
