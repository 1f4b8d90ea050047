"""What goes over the attach socket, a SOCK_SEQPACKET socket at `<run dir>/attach.sock`.

A packet is one type byte and a payload. The monitor greets every client with HELLO and the protocol's version. Every
request but STDIN is answered by ACK (payload: the request's type byte, then a result) or NACK (the type
byte, then a text for a person).

    client → monitor                     result in ACK
    s  send me the output from now on    -
    i  bytes for the standard input      (no answer; the socket itself pushes back). An empty one makes this client a
                                         writer, whose going ends the input as STDIN_CLOSE does
    c  I have no more input              STDIN_CLOSED, when the shim has all of it: call Tasks.CloseIO; or STDIN_KEPT
    p  decimal pid of the init process   -
    f  sockets (SCM_RIGHTS) to keep open -
    m  I will clean up after the exit    CLAIM_GRANTED, or CLAIM_LATE: a clean-up command is running already
    q  the task is deleted: end          -

    monitor → client
    h  protocol version (decimal)        o  bytes of stdout     e  bytes of stderr
    a  ACK   n  NACK                     x  the init process is gone and its output sent (to every client)
"""

VERSION = 1

SUBSCRIBE = b"s"
STDIN = b"i"
STDIN_CLOSE = b"c"
PID = b"p"
SOCKETS = b"f"
CLAIM = b"m"
QUIT = b"q"

HELLO = b"h"
STDOUT = b"o"
STDERR = b"e"
EXITED = b"x"
ACK = b"a"
NACK = b"n"

CLAIM_GRANTED = b"1"
CLAIM_LATE = b"0"
STDIN_CLOSED = b"1"
STDIN_KEPT = b"0"

SOCKET_NAME = "attach.sock"
CONFIG_NAME = "conmon.conf"
ERROR_NAME = "conmon.err"

MAX_PACKET = 65536 + 1
"""Bytes of the longest packet, either way; below the smallest default SO_SNDBUF."""
MAX_SOCKETS = 250
"""Sockets in one SOCKETS packet; the kernel's SCM_MAX_FD is 253."""
