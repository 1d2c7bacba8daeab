"""Synapses with dynamics, declared once for both simulators."""
