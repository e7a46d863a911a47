"""Conversations about a crisis: a person who reacts to what they are told, without any model.

A case of a crisis pack is what they disclose; a script says what else they say and when; what the
last reply did decides between its alternatives. The same replies give the same conversation.
"""
