"""What everything stands on: errors, files, other processes. Nothing here knows any mathematics of ours."""
