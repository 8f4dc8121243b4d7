"""Programs of our own that run in children: the light launcher, the probe host, and what a side's interpreter runs."""
