"""A polyphonic synthesiser: `synth.engine` renders blocks, `synth.service` streams them."""

import os

# One BLAS thread: the matrices are small, and idle threads cost memory and start time. numpy reads it at its import.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
