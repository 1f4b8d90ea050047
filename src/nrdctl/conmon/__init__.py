"""The container monitor: one small process per running container, and what talks to it.

Two sides live here and share `protocol`, `conffile` and `jsonlines` only:

* the *process* side (`main` and what it imports) runs under `python -I -S`. It imports no `json`, `re`, `os`, `socket`,
  `typing` …: containerd's shim waits for it before it creates the container, and one copy of it lives beside every
  container. It imports everything at its start: a later import would load a newer release's module into an old process.
* the *engine* side (`config`, `launcher`, `fifos`, `client`, `logfile`) is ordinary Python.
"""
