"""Text: YAML, URLs and characters."""
