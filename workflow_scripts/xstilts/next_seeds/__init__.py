"""``xstilts next``: the comparisons that are undecided, and what would decide them."""
