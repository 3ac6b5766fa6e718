"""The command line, one module per question. Everything heavy is imported by the command that needs it."""
