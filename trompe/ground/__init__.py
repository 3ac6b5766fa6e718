"""What everything stands on: errors, files, standard streams. Nothing here knows any mathematics of ours."""
