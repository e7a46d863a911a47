"""How the table is run over bytes: one exact meaning, and engines that only say where to look."""
