"""Judges requests by a specification with openapi-core, where prism is at fault.

A connection sends a line of JSON, {"specification": path, "method", "target", "headers": [[name, value], …],
"body": [byte, …]}, and is sent one back: what is wrong with the request, or null.
"""
import email
import email.policy
import json
import pathlib
import re
import socketserver
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.etree import ElementTree

import jsonschema
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.deserializing.styles import style_deserializers
from openapi_core.deserializing.styles.util import label_loads
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

known = {}


def label(explode, name, schema_type, location):
    """A label, which openapi-core looks for under a name that it cannot have in a path itself."""
    return label_loads(explode, name, schema_type, {key: location[name] for key in (f".{name}", f".{name}*")})


style_deserializers["label"] = label


def multipart(body, boundary="", **_):
    """Parts as texts, where openapi-core would look for delimiters in bytes."""
    head = b'Content-Type: multipart/form-data; boundary="%s"\r\n\r\n' % boundary.encode()
    parts = email.message_from_bytes(head + body, policy=email.policy.HTTP).get_payload()
    named = [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in parts]
    # As in queries.
    return ImmutableMultiDict([(name, text.decode("latin-1").replace(" ", "%20")) for name, text in named])


def of_xml(element, schema, root):
    """The value that an element is by the `xml` of its schema."""
    if "$ref" in schema:
        return of_xml(element, root["components"]["schemas"][schema["$ref"].split("/")[-1]], root)
    if schema.get("type") != "object":
        text = element if isinstance(element, str) else element.text or ""
        return json.loads(text) if schema.get("type") in ("integer", "number", "boolean") else text
    space = schema.get("xml", {}).get("namespace")
    assert space is None or element.tag == "{%s}%s" % (space, schema["xml"]["name"]), element.tag
    value, left = {}, set(element) | set(element.attrib)
    for name, member in schema.get("properties", {}).items():
        named = member.get("xml", {}).get("name", name)
        if member.get("xml", {}).get("attribute"):
            found = [named] if named in element.attrib else []
            values = [of_xml(element.attrib[named], member, root) for _ in found]
        elif member.get("type") == "array":
            wraps = element.findall(named) if member.get("xml", {}).get("wrapped") else []
            item = member["items"].get("xml", {}).get("name", named)
            inner = [found for wrap in (wraps or [element]) for found in wrap.findall(item)]
            found = wraps or inner
            values = [[of_xml(one, member["items"], root) for one in inner]] if found else []
        else:
            found = element.findall(named)
            values = [of_xml(one, member, root) for one in found]
        assert len(values) < 2, f"{name} comes several times"
        left -= set(found)
        value |= {name: one for one in values}
    assert not left, f"nothing says what these are: {left}"
    return value


class Request:
    """A request as openapi-core asks for it."""

    host_url = "http://judge"

    def __init__(self, method, target, headers, body, spaced):
        url = urlsplit(target)
        self.path, self.method, self.body = url.path, method.lower(), body
        headers = Headers(headers)
        self.content_type = headers.get("content-type", "")
        pairs = [pair.strip().partition("=") for pair in headers.get("cookie", "").split(";") if pair.strip()]
        cookie = ImmutableMultiDict([(name, value) for name, _, value in pairs])
        # openapi-core looks for the delimiter of spaceDelimited as it stands in a URL.
        pairs = [(name, value.replace(" ", "%20")) if name in spaced else (name, value)
                 for name, value in parse_qsl(url.query, keep_blank_values=True)]
        query = ImmutableMultiDict(pairs)
        self.parameters = RequestParameters(query=query, header=headers, cookie=cookie)


def document(path):
    # Dates stay texts, as in JSON.
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(pathlib.Path(path).read_text(), loader)


def prepared(path, item, components):
    """A path as openapi-core wants it where parameters have the style matrix: as RFC 6570 writes it."""
    lists = [item.get("parameters", [])]
    lists += [operation.get("parameters", []) for operation in item.values() if isinstance(operation, dict)]
    for parameter in sum(lists, []):
        if "$ref" in parameter:
            parameter = components.get("parameters", {}).get(parameter["$ref"].split("/")[-1], {})
        if parameter.get("style") == "matrix":
            star = "*" if parameter.get("explode") else ""
            path = path.replace("{%s}" % parameter["name"], "{;%s%s}" % (parameter["name"], star))
    return path


def openapi(path):
    if path not in known:
        root = document(path)
        # Wherever it was to be sent, it has come here.
        root["servers"] = [{"url": Request.host_url}]
        for item in root["paths"].values():
            item.pop("servers", None)
            for operation in item.values():
                if isinstance(operation, dict):
                    operation.pop("servers", None)
        components = root.get("components", {})
        root["paths"] = {prepared(path, item, components): item for path, item in root["paths"].items()}
        # A validator of specifications would not have the paths that openapi-core itself wants.
        config = Config(
            spec_validator_cls=None, extra_media_type_deserializers={"multipart/form-data": multipart}
        )
        spaced = {
            parameter["name"]
            for item in root["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict)
            for parameter in operation.get("parameters", [])
            if parameter.get("style") == "spaceDelimited"
        }
        core = OpenAPI.from_dict(root, config=config, base_uri=pathlib.Path(path).as_uri())
        known[path] = core, spaced
    return known[path]


def of_form(asked, root):
    """What is wrong with a form by Swagger 2.0, which openapi-core does not read."""
    path = urlsplit(asked["target"]).path
    operation = root["paths"][path][asked["method"].lower()]
    form = parse_qs(bytes(asked["body"]).decode(), keep_blank_values=True)
    parameters = [parameter for parameter in operation["parameters"] if parameter["in"] == "formData"]
    unknown = set(form) - {parameter["name"] for parameter in parameters}
    if unknown:
        return f"unknown fields {unknown}"
    for parameter in parameters:
        values = form.get(parameter["name"])
        if values is None:
            if parameter.get("required"):
                return f"no {parameter['name']}"
            continue
        is_list = parameter["type"] == "array"
        if is_list and parameter.get("collectionFormat") != "multi":
            return "another format of lists than `multi`"
        if not is_list and len(values) > 1:
            return f"{parameter['name']} comes several times"
        schema = {name: value for name, value in parameter.items() if name not in ("in", "name", "required")}
        jsonschema.validate(values if is_list else values[0], schema)
    return None


def of_text(asked, root):
    """What is wrong with a body of XML, which openapi-core does not take apart."""
    operation = root["paths"][urlsplit(asked["target"]).path][asked["method"].lower()]
    schema = operation["requestBody"]["content"]["application/xml"]["schema"]
    value = of_xml(ElementTree.fromstring(bytes(asked["body"])), schema, root)
    jsonschema.validate(value, {**schema, "components": root["components"]})
    return None


def problem(asked):
    try:
        if re.search(r'^\s*"?swagger"?\s*:', pathlib.Path(asked["specification"]).read_text(), re.MULTILINE):
            return of_form(asked, document(asked["specification"]))
        if dict(asked["headers"]).get("Content-Type", "").startswith("application/xml"):
            return of_text(asked, document(asked["specification"]))
        core, spaced = openapi(asked["specification"])
        request = Request(asked["method"], asked["target"], asked["headers"], bytes(asked["body"]), spaced)
        core.validate_request(request)
    except Exception as error:
        told = [repr(error)]
        while error.__cause__:
            error = error.__cause__
            told.append(repr(error))
            told += [str(inner.message) for inner in getattr(error, "schema_errors", [])]
        return ": ".join(told)
    return None


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(json.dumps(problem(json.loads(line))).encode() + b"\n")


if __name__ == "__main__":
    server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
