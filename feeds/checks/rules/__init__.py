"""The rules of `feeds check`, one module per subject: the texts, the checks, and examples of both."""
