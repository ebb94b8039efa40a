"""Renderers: from a feed to the bytes of its documents. One module per format."""
