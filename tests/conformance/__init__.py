"""Everything that can go wrong, and what must then be seen: 66 numbered cases, and one table for all operations."""
