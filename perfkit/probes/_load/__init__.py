"""The parts of probe `load`: when requests leave, who sends them, what is counted, and what it comes to."""
