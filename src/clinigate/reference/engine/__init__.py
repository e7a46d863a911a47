"""The two engines: what they read in a conversation and what they answer."""
