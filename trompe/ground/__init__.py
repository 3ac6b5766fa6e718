"""What everything stands on: errors, files, standard streams, lines of text. Nothing here knows any mathematics of ours."""
