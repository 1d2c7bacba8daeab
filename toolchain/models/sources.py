"""Spike sources: cells without dynamics, as PyNN 0.13 declares them."""

from toolchain.models.declaration import Parameter, SourceModel

SPIKE_SOURCE_ARRAY = SourceModel(name="SpikeSourceArray", sequences=(("spike_times", "ms"),))
SPIKE_SOURCE_POISSON = SourceModel(
    name="SpikeSourcePoisson",
    parameters=(
        Parameter("rate", "Hz", 1.0, minimum=0.0),
        Parameter("start", "ms", 0.0, minimum=0.0),
        Parameter("duration", "ms", 1e10, minimum=0.0),
    ),
)
