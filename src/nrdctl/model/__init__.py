"""The vocabulary of nrdctl: frozen dataclasses and their parsers. Standard library only."""
