"""The portal: a read-only look at the runs of one evidence root, served or exported as files."""
