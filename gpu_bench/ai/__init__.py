"""How fast a model answers: SingleStream, Server and Offline, as MLPerf Inference names them.

==============  ===================================================================
options         what one run is to do
batching        which queries go into a batch, and when it starts: pure
loops           the three timed loops, on any clock
warmup          run until the times settle; how long a batch of each size takes
blocks          what the loops timed, and its bounds
models, encoder what is timed: a callable, a torch module, the bundled encoder
remote          a service over HTTP
device, nvml    where torch runs; what the GPU says of itself meanwhile
host            how much the host kept the bench waiting
run             one run from warm-up to Observations
==============  ===================================================================
"""
