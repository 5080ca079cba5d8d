"""The Wave-U-Net of the paper: architecture, network, framing, and the mixing method that plays it."""
