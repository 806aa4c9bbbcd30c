"""One kind of gRPC call through the edge, named by the third argument; fails with what was not as it should be."""

import os
import queue
import sys
import time

import grpc

port, authority, kind = sys.argv[1:4]
with open(authority, "rb") as file:
    credentials = grpc.ssl_channel_credentials(file.read())
channel = grpc.secure_channel(f"localhost:{port}", credentials)
unary = channel.unary_unary("/test.Test/Unary")


def calls():
    answer, call = unary.with_call(b"hello", metadata=(("asked", "for"),), timeout=20)
    assert answer == b"hello", answer
    assert dict(call.initial_metadata())["seen"] == "for", call.initial_metadata()
    trailing = dict(call.trailing_metadata())
    assert (trailing["left"], trailing["left-bin"]) == ("trailing", b"\x00\xff"), trailing
    big = os.urandom(3_000_000)
    assert unary(big, timeout=20) == big
    # Many at a time share the connections on both sides.
    many = [unary.future(str(number).encode(), timeout=20) for number in range(300)]
    assert [int(one.result()) for one in many] == list(range(300))


def deadlines():
    left = float(unary(b"time", timeout=17))
    assert 10 < left <= 17, left


def server_streams():
    stream = channel.unary_stream("/test.Test/ServerStream")(b"5000", timeout=20)
    assert [int(message) for message in stream] == list(range(5000))


def client_streams():
    sent = (os.urandom(1000) for _ in range(20_000))
    answer = channel.stream_unary("/test.Test/ClientStream")(sent, timeout=20)
    # More than the limit of a request's body, of which a call may be any multiple.
    assert answer == b"20000000", answer


def both():
    """Each message waits for the answer to the one before, so that nothing may be held back."""
    messages = queue.SimpleQueue()
    answers = channel.stream_stream("/test.Test/Both")(iter(messages.get, None), timeout=20)
    for number in range(500):
        messages.put(str(number).encode())
        assert int(next(answers)) == number
    messages.put(None)
    assert list(answers) == []


def errors():
    try:
        unary(b"fail", timeout=20)
    except grpc.RpcError as error:
        found = (error.code(), error.details(), dict(error.trailing_metadata())["left"])
        assert found == (grpc.StatusCode.FAILED_PRECONDITION, "tidak bisa: 100% ✗", "trailing"), found
    else:
        raise AssertionError("no error")
    try:
        channel.unary_unary("/test.Test/Unknown")(b"", timeout=20)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error
    else:
        raise AssertionError("no error")


def cancels():
    told = authority + ".cancelled"
    stream = channel.unary_stream("/test.Test/Wait")(told.encode(), timeout=20)
    assert next(stream) == b"begun"
    stream.cancel()
    until = time.monotonic() + 10
    while not os.path.exists(told):
        assert time.monotonic() < until, "the server was not told"
        time.sleep(0.01)
    assert unary(b"still", timeout=20) == b"still"


globals()[kind]()
