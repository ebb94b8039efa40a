"""The stages of a run over all feeds of a site."""
