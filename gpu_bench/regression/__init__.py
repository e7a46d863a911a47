"""Did it become slower? Block medians against those of a signed baseline, or of a rival in turns.

==========  ========================================================================
ranks       rank tests and the bounds that go with them; stdlib only
compare     two series of blocks become one Measurement
baseline    the blocks of a sealed, trusted bundle
==========  ========================================================================
"""
