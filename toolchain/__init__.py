"""The compiler: from a Network to a MachineImage, one product a stage.

Network -> Partition -> Placement -> Keys -> Routes -> Tables -> MachineImage.  Each product is a frozen
value, each stage a plain function, and each stage has a checker that knows no algorithm.
"""
