"""Judges of conversations: language models behind an endpoint, and people by file.

==============  ====================================================================
transcript      a conversation as it is judged, and files of them
conversing      hold conversations with the system under test
rubric          what a judge is asked, item by item, and the form of its answer
opinion         a judge's answer, believed only where its quotes are true
endpoint        a judge behind an OpenAI-compatible endpoint
canaries        conversations with a known answer, judged in every run
panel           all judges over all conversations, and what they left unscored
ratings         people's ratings from a file
card            how far a panel agrees with people, on which conversations
measure         from scores to measurements
telling         what a reader is told of those who rated
bench           who judges, from the configuration; and checks that hear them
==============  ====================================================================

Nothing here decides: a judge gives points, people say how far they can be trusted, and
`Criterion.judge` gives the verdict.
"""
