"""Metadata of images: probed from their servers, kept in `enclosures.lock`."""
