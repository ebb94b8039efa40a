"""The configuration: its types, its loader and its checks."""
