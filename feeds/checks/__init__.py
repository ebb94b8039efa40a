"""`feeds check`: the configuration, the articles and the published documents, checked against one set of rules."""
