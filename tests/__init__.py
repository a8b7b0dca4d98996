"""The tests mirror the package; transport runs over real sockets, the wire's shapes through aioresponses."""
