"""The parts of the probe `startup`."""
