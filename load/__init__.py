"""Load: conversations played at a system, and safety watched while they last.

==============  =====================================================================
model, graph    what a profile says, and whether it can be meant as a whole
library         profiles that ship, and a team's own
script, shape   what people say and where replies lead; when they come
asking, stream  requests to a target, and its replies as they come
launch, journal the generator's processes, and what they report while they run
engine          the generator itself, on Locust: imported in its own processes alone
tally, weighted what was counted, merged exactly; quantiles weighted back to life
guard, capacity whether the generator kept up; what was proven and what was not
criteria        the objectives as acceptance criteria
observe,figures from counts to Observations
run             one run as a producer
==============  =====================================================================
"""
