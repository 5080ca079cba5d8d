"""Where answers come from: databases, tidy CSV files, results of other platforms."""
