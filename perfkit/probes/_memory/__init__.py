"""How the probe `memory` reads a peak, phases under a load, a leak, and what Python code allocates."""
