"""Rules that read one reply: what it owes, what it must not do, which help it names."""
