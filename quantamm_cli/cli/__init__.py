"""The command line: reads words, composes settings, calls a command, prints what it returns."""
