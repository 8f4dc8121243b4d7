"""Pure statistics: numbers in, values out. No clock, no files, no randomness of its own.

One sample: `estimate`, `quantiles`, `pseudo_median`. Two sides without pairs: `sessions`.
Many comparisons at once: `multiplicity`. Import the modules by name: this package imports nothing itself.
"""
