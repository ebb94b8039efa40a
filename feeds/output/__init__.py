"""The output folder: its manifest, and documents written to it in order."""
