"""Result files of other platforms, read into the tidy tables of ratings and trials."""
