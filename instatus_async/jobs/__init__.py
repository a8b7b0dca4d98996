"""Jobs that take more than one request, built on what the client offers to everybody."""
