"""Programs of our own that run in children: the probe host, the light launcher, and what measures inside a side's interpreter."""
