"""The command line, `python -m instatus_async`: most tests run it in a thread, and some as a process."""
