"""The formats of documents, one module each: their elements or types, and the rules that apply to them."""
