"""Where what a service is told gets to: planted by its interface, hunted wherever it may leak.

model    sources, sinks, leaks, and the map of them
sources  what is planted, each with a synthetic patient of its own
reading  bytes and files, searched for what was planted
sinks    the places that are looked at
recorder a proxy that keeps what the service sends to a model provider
hunt     plant, look, wait, look again
observe  the map's way into a run
"""
