"""Discovery of plug-ins by file name; their parameters are read without importing them."""
