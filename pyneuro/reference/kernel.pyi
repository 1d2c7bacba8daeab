from pyneuro.reference.formula import Formula

class Kernel:
    def __init__(self, formula: Formula) -> None: ...
