"""Selection: the feeds of a site, and the entries of each feed."""
