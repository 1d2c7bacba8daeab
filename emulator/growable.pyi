"""Only C functions: ``cimport`` them."""
