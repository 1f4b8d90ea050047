"""What containers may use: see it (`view`), change it (`change`), with a journal that survives a crash (`journal`)."""
