"""`feeds check`: the configuration, the articles and the published documents, validated against one table of rules."""
