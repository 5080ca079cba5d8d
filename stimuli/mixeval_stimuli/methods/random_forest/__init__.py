"""The random forest of the paper: its file, the features of stems that it asks for, and effects that set themselves."""
