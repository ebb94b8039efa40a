"""Renderers: from a feed to the bytes of its documents, one module per format."""
