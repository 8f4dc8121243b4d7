"""One file a verb: its options, its use case, what it prints and how it exits."""
