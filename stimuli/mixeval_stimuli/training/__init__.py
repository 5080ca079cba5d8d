"""Training: from multitracks to models that the mixing methods load."""
