"""pyneuro: SpiNNaker without the board, as a back end of PyNN."""
