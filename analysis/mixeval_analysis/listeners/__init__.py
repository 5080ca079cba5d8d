"""Who took part, how they listened, and whom screening flags."""
