"""Schedules launches, interleaves benchmarks, stops when enough is known, and tells an observer."""
