"""Text: Markdown, HTML, YAML, URLs and characters."""
