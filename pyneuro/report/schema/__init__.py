"""The parts of a report, as its JSON file holds them; `pyneuro.report.Report` is the whole."""
