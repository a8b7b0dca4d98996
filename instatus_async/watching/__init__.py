"""Watching a page: what one look saw, how it differs from what was told, and the loop around them."""
