"""The command line: the only package that knows typer, prints, or decides exit codes."""
