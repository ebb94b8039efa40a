"""Inputs that a coverage-guided fuzzer makes up: what must hold for all of them, and the fuzzer."""
