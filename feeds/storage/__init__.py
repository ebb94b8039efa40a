"""Folders that hold articles, documents and the cache: of this machine or of an object store."""
