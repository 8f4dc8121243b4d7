"""From samples to verdicts: pure decisions on stored values. Import the modules by name; `options` alone is light."""
