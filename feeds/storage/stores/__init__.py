"""Object stores, one module each.

A module names the URL schemes of a store (`SCHEMES`), the extra of this package that installs its fsspec implementation
(`EXTRA`), and how the headers of an object are given to it (`write_options`). A new module is found by itself.
"""
