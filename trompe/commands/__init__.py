"""The command line, one module a command: it reads options, calls, and hands to a view. Loading one loads nothing heavy."""
