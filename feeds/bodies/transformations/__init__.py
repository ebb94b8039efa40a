"""Transformations of the tree of a body, one per module. Each changes the tree and reports what it replaced."""
