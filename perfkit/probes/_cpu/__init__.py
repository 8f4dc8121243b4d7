"""How the probe `cpu` reads a program's threads and draws them up."""
