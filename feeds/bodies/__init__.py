"""Bodies of articles: Markdown, and HTML made safe."""
