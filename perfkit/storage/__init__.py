"""What stays on disk: runs and their journal, details, baselines. Decoded by typed structs, then plain model values."""
