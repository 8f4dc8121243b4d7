"""Pure statistics: numbers in, values out. No clock, no files, no randomness of its own.

One sample: `estimate`, `quantiles`, `pseudo_median`. Two sides without pairs: `sessions`. Two sides in pairs:
`pairs`, then `gate` (or `counts`), with `power` for what it could see. Many comparisons: `multiplicity`, `sign_flip`.
Import the modules by name: this package imports nothing itself.
"""
