"""Only C functions: ``cimport`` them, or call them over arrays from `emulator.arithmetic`."""
