"""Writes down each request as it was understood, by either interface of Python's servers."""

import os


def tell(method, target, body, headers):
    fields = [method, target, body] + [name.lower() + b":" + value for name, value in headers]
    with open(os.environ["SEEN"], "ab") as seen:
        seen.write(b"\x1f".join(fields) + b"\x1e\n")


def wsgi(environ, start_response):
    latin = lambda text: text.encode("latin-1")
    names = [name for name in environ if name.startswith("HTTP_") or name == "CONTENT_TYPE"]
    plain = lambda name: latin(name.removeprefix("HTTP_").replace("_", "-"))
    headers = [(plain(name), latin(environ[name])) for name in names]
    body = environ["wsgi.input"].read()
    tell(latin(environ["REQUEST_METHOD"]), latin(environ["RAW_URI"]), body, headers)
    start_response("200 OK", [("content-length", "2")])
    return [b"ok"]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body")
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    tell(scope["method"].encode(), target, body, scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
