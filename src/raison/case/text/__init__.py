"""What the user wrote: files, entries and where each stands."""
