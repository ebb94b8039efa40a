"""HTTP: media types, headers, content encodings, and the client."""
