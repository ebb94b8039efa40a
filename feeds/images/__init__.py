"""Image metadata: probed from the servers of the images and kept in `enclosures.lock`."""
