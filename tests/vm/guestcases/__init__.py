"""Modules that run inside the guest, where there is no pytest: functions that assert."""
