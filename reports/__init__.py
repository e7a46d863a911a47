"""Reports: what a run found, for a terminal, a browser, a pull request. Loads nothing by itself."""
