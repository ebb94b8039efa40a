"""Validators, one module per format."""
