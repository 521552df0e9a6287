#!/usr/bin/env python3
"""@@TITLE@@

Serves one image index and everything below it on 127.0.0.1, byte for byte, until Ctrl-C, and shows
every request. It needs nothing but Python 3. Type the commands that it prints in another terminal.
"""
import base64
import http.server
import sys
import zlib

# Digest: media type, content (packed). What is not here, the registry does not have.
FILES = {
@@FILES@@}
TAG = @@INDEX@@
CHILDREN = {
@@CHILDREN@@}
COMMANDS = @@COMMANDS@@


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self):
        # Clients that try TLS first go on with plain HTTP when they get an answer in it.
        if self.rfile.peek(1)[:1] == b"\x16":
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.close_connection = True
            return
        super().handle_one_request()

    def answer(self, status, kind, body, digest=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path in ("/v2/", "/v2"):
            return self.answer(200, "application/json", b"{}")
        digest = path.rsplit("/", 1)[-1].replace("%3A", ":").replace("%3a", ":")
        if digest == "latest" and "/manifests/" in path:
            digest = TAG
        if digest in FILES and path.startswith("/v2/"):
            kind, content = FILES[digest]
            return self.answer(200, kind, zlib.decompress(base64.b64decode(content)), digest)
        return self.answer(404, "application/json", b'{"errors":[{"code":"NOT_FOUND","message":"not found"}]}')

    do_HEAD = do_GET


if __name__ == "__main__":
    try:
        port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Registry)
    except (ValueError, OverflowError):
        sys.exit("usage: %s [PORT]" % sys.argv[0])
    except OSError as error:
        sys.exit("cannot listen on 127.0.0.1:%d: %s (without a port any free one is taken)" % (port, error.strerror))
    reference = "127.0.0.1:%d/@@REPOSITORY@@:latest" % server.server_address[1]
    for command in COMMANDS:
        print(command.replace("REFERENCE", reference))
    print("\nWhich child is it? By the digest of its manifest, and of its config, which is an image id:")
    for name, digests in CHILDREN.items():
        print("  %s: %s" % (name, ", ".join(digests)))
    print("\nEvery request follows.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
