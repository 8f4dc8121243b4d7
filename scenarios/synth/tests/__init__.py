"""The synthesiser against what its parts must be by definition."""
