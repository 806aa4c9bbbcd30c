"""A gRPC server whose messages are plain bytes; prints its port, ends with its input."""

import sys
import time
from concurrent import futures

import grpc


def unary(request, context):
    context.send_initial_metadata((("seen", dict(context.invocation_metadata()).get("asked", "")),))
    context.set_trailing_metadata((("left-bin", b"\x00\xff"), ("left", "trailing")))
    if request == b"fail":
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "tidak bisa: 100% ✗")
    if request == b"time":
        return str(context.time_remaining()).encode()
    return request


def server_stream(request, context):
    for number in range(int(request)):
        yield str(number).encode()


def client_stream(requests, context):
    return str(sum(len(request) for request in requests)).encode()


def both(requests, context):
    for request in requests:
        yield request


def wait(request, context):
    """Says something once, then waits to be cancelled."""
    cancelled = []
    context.add_callback(lambda: cancelled.append(True))
    yield b"begun"
    while not cancelled:
        time.sleep(0.01)
    with open(request, "w") as file:
        file.write("cancelled")


HANDLERS = {
    "/test.Test/Unary": grpc.unary_unary_rpc_method_handler(unary),
    "/test.Test/ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
    "/test.Test/ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
    "/test.Test/Both": grpc.stream_stream_rpc_method_handler(both),
    "/test.Test/Wait": grpc.unary_stream_rpc_method_handler(wait),
}


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return HANDLERS.get(details.method)


server = grpc.server(futures.ThreadPoolExecutor(8), handlers=(Handler(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(None)
