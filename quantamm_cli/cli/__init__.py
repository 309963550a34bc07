"""The command line: parses arguments, composes settings, runs a command and prints its result."""
