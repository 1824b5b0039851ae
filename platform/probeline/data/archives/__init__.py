"""Files in folders, tars and zips, read within bounds."""
