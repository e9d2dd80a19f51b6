"""The two ways in which a command ends badly."""


class LabError(Exception):
    """The command failed: one line that says what, where, why and what to do. Exit code 1."""


class UsageError(Exception):
    """The command was asked for something that it does not know. Exit code 2."""
