"""Files that last: local and remote paths, atomic writes, locks."""
