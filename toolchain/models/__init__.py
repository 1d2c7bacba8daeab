"""Cell models, declared once; CELL_MODELS is the registry."""
