"""Which clients trust a server by its authority: `clients.py CA PORT`."""

import socket
import ssl
import sys

import grpc

PATIENCE = 20


def openssl(name, authority, port):
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        context.wrap_socket(connection, server_hostname=name).close()


def boringssl(name, authority, port):
    with open(authority, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    options = [("grpc.ssl_target_name_override", name)]
    channel = grpc.secure_channel(f"127.0.0.1:{port}", credentials, options)
    grpc.channel_ready_future(channel).result(PATIENCE)
    channel.close()


def say(client, label, names):
    for name in names:
        try:
            client(name, sys.argv[1], int(sys.argv[2]))
            outcome = "trusted"
        except (ssl.SSLError, grpc.FutureTimeoutError):
            outcome = "refused"
        print(f"{label} {name}: {outcome}", flush=True)


say(openssl, "openssl", ["localhost", "127.0.0.1", "sekolah.example", "other.example"])
say(boringssl, "grpc", ["localhost", "sekolah.example"])
