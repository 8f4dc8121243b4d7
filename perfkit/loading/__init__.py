"""From files, entry points and the command line's selection to the benchmarks to measure."""
