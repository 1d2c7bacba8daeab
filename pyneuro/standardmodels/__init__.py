"""PyNN's standard models: those that both simulators have, and those that they lack, which say so."""
