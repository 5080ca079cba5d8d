"""Page types: what each kind of page shows, may be answered, and is complete with; one module each."""
