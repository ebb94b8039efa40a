"""Engines: what reads, merges and renders, on this machine or on a cluster."""
