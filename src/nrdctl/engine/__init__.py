"""The verbs: what docker's daemon does, done here by the command itself on containerd."""
