"""Programs that are never run: type checkers read them, by way of `test_typing.py` and with everything else."""
