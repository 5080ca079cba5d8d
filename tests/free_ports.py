"""Ports for servers that cannot be told to take any free one and to say which."""

import socket


def find_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, and that nobody else is given for a minute.

    A connection is closed from its side: until the system forgets that, it gives the port to nobody who asks for any,
    such as a test in another process, while a server that asks for it by its number may have it.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        socket.create_connection(taken.getsockname()),
    ):
        taken.accept()[0].close()
        return int(taken.getsockname()[1])
