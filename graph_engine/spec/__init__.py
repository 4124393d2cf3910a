"""What a block is: plain, immutable data. Knows no torch, no graph and no window."""
