"""Configurations of web servers and hosts."""
