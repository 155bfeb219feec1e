"""Measurements against peers: one module per claim, results in RESULTS.md."""
