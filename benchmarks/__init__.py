"""Benchmarks: each measures ours against the alternative, in turns and in the same run."""
