"""A web server that shares no code with the product, for what requests may carry.

Prints its port. Takes bodies apart as their headers say, speaks GraphQL and asks for credentials.
When its input ends it prints what it has seen as one JSON list and leaves.
"""

import base64
import email.parser
import email.policy
import gzip
import hashlib
import hmac
import json
import re
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = []
lock = threading.Lock()
# Digest: what each nonce has counted so far.
counts = {}


def parts_of(content_type, body):
    """The parts of a multipart body: name, file name, type, content."""
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    assert message.is_multipart() and not message.defects, message.defects
    parts = []
    for part in message.iter_parts():
        typed = part.get_content_type() if "Content-Type" in part else None
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        text = content.decode("latin-1") if len(content) < 100 else f"{len(content)} bytes {hashlib.sha256(content).hexdigest()}"
        parts.append([name, part.get_filename(), typed, text])
    return parts


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        self.asked = True
        if self.path == "/refuse":
            self.answer(417, {"seen": "no body"})
            return False
        if self.path == "/silent":
            return True
        return super().handle_expect_100()

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, **what):
        with lock:
            seen.append({"method": self.command, "path": self.path, "connection": self.client_address[1], **what})

    def body(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        coding = self.headers.get("Content-Encoding")
        if coding == "gzip":
            return gzip.decompress(body)
        return zlib.decompress(body) if coding == "deflate" else body

    def do_GET(self):
        self.do()

    def do_POST(self):
        self.do()

    def do_PUT(self):
        self.do()

    def do(self):
        body = self.body()
        content_type = self.headers.get("Content-Type", "")
        if self.path == "/graphql":
            query = json.loads(body)
            self.note(type=content_type, query=query)
            reply = {"data": {"echo": query.get("variables")}}
            if "missing" in query["query"]:
                reply = {"data": None, "errors": [{"message": "Cannot query field \"missing\""}]}
            return self.answer(200, reply)
        if self.path.startswith("/moved/"):
            self.note(moved=True)
            return self.answer(302, {}, [("Location", self.path.removeprefix("/moved"))])
        if self.path.startswith("/digest/"):
            return self.digest(*self.path.split("/")[2:])
        if self.path == "/jwt":
            return self.token()
        if content_type.startswith("multipart/"):
            self.note(parts=parts_of(content_type, body))
        else:
            text = body.decode("latin-1") if len(body) < 100 else f"{len(body)} bytes {hashlib.sha256(body).hexdigest()}"
            coding = self.headers.get("Content-Encoding")
            self.note(type=content_type, text=text, coding=coding, asked=getattr(self, "asked", False), authorization=self.headers.get("Authorization"))
        self.asked = False
        self.answer(200, {"ok": True})

    def token(self):
        """RFC 7519 with a shared secret."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        signed, signature = token.rsplit(".", 1)
        decode = lambda part: base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        header, claims = (json.loads(decode(part)) for part in signed.split("."))
        hashed = getattr(hashlib, header["alg"].replace("HS", "sha"))
        good = hmac.digest(b"secret", signed.encode(), hashed) == decode(signature)
        self.note(header=header, claims=claims)
        self.answer(200 if good else 403, {"ok": good})

    def digest(self, algorithm, uses):
        """RFC 7616 with qop auth, each nonce good for so many uses."""
        hashed = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]
        h = lambda text: hashed(text.encode()).hexdigest()
        given = self.headers.get("Authorization", "")
        fields = {m[1]: m[2] or m[3] for m in re.finditer(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given)}
        stale = False
        with lock:
            used = counts.get(fields.get("nonce"), None)
            if used is not None and int(fields["nc"], 16) == used + 1 and fields["uri"] == self.path:
                ha1 = h(f"ada:a realm, \"quoted\":secret")
                ha2 = h(f"{self.command}:{fields['uri']}")
                wanted = h(":".join([ha1, fields["nonce"], fields["nc"], fields["cnonce"], "auth", ha2]))
                if wanted == fields["response"] and fields["opaque"] == "op" and fields["username"] == "ada":
                    stale = used + 1 > int(uses)
                    if not stale:
                        counts[fields["nonce"]] += 1
            good = used is not None and not stale and counts[fields["nonce"]] == used + 1
            if not good:
                nonce = f"n{len(counts)}"
                counts[nonce] = 0
        self.note(good=good, nc=fields.get("nc"), algorithm=fields.get("algorithm"))
        if good:
            return self.answer(200, {"ok": True})
        challenge = f'Digest realm="a realm, \\"quoted\\"", qop="auth,auth-int", algorithm={algorithm}, nonce="{nonce}", opaque="op"'
        challenge += ", stale=true" if stale else ""
        self.answer(401, {"ok": False}, [("WWW-Authenticate", 'Basic realm="x"'), ("WWW-Authenticate", challenge)])


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
print(json.dumps(seen))
