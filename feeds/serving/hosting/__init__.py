"""Configurations of web servers and hosting services that serve the output folder."""
