"""How the table of recognizers is run over bytes: one exact meaning, several engines."""
