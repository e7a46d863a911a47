"""The scanners beside bandit: each one program or source, read into a `ScanResult`."""
