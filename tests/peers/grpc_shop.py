"""A gRPC server that shares no code with the product: tests/cases/run/protos/shop.proto.

    grpc_shop.py [--port N] [--tls CERT KEY [--clients CA]] [--reflection v1|v1alpha]
                 [--protoset FILE] [--answers gzip] [--restart-after CALLS]

Prints its port. When its input ends it prints the calls it has seen as one JSON object, each with
its method, metadata and messages, and leaves.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import threading
import time
from concurrent import futures

import grpc
from google.protobuf.json_format import MessageToDict
from grpc_reflection.v1alpha import reflection
from grpc_tools import protoc

import grpc_tools

HERE = pathlib.Path(__file__).resolve().parent
PROTOS = HERE.parent / "cases" / "run" / "protos"
FILES = ["shop.proto", "common/money.proto"]


def generate(*out):
    """Runs protoc over the protos."""
    known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    args = ["protoc", f"-I{PROTOS}", f"-I{known}", *out, *FILES]
    if protoc.main(args) != 0:
        sys.exit("grpc_shop.py: protoc failed")


code = tempfile.TemporaryDirectory()
generate(f"--python_out={code.name}", f"--grpc_python_out={code.name}")
sys.path.insert(0, code.name)
import shop_pb2  # noqa: E402
import shop_pb2_grpc  # noqa: E402

CODES = {code.value[0]: code for code in grpc.StatusCode}

calls = []
lock = threading.Lock()


def told(method, context, messages):
    """Notes a call."""
    metadata = []
    for key, value in context.invocation_metadata():
        if key != "user-agent" and not key.startswith("grpc-"):
            metadata.append([key, value.hex() if isinstance(value, bytes) else value])
    messages = [MessageToDict(message) for message in messages]
    deadline = context.time_remaining()
    with lock:
        calls.append({
            "method": method,
            "metadata": sorted(metadata),
            "messages": messages,
            "has_deadline": deadline is not None and deadline < 1e6,
            "peer": context.peer(),
        })


class Catalog(shop_pb2_grpc.CatalogServicer):
    def Find(self, request, context):
        told("/shop.v1.Catalog/Find", context, [request])
        context.send_initial_metadata([("x-header", "h-1"), ("x-raw-bin", b"\0\1")])
        context.set_trailing_metadata([("x-trailer", "t-1")])
        time.sleep(request.wait_ms / 1000)
        if request.status:
            context.abort(CODES[request.status], f"no item '{request.name}': 100%")
        item = shop_pb2.Item(name=request.name, id=42, kind=shop_pb2.LARGE, in_stock=True)
        item.price.currency, item.price.amount = "EUR", 9.5
        item.labels["color"] = "red"
        item.tags.extend(["a", "b"])
        item.image = b"\0\1\2"
        item.since.seconds = 1
        if request.size:
            item.note = "x" * request.size
        return item

    def List(self, request, context):
        told("/shop.v1.Catalog/List", context, [request])
        for number in range(request.count):
            yield shop_pb2.Item(name=f"{request.prefix}{number}", id=number)
        if request.status:
            context.abort(CODES[request.status], "no more")

    def Add(self, requests, context):
        items = list(requests)
        told("/shop.v1.Catalog/Add", context, items)
        return shop_pb2.Summary(count=len(items), names=[item.name for item in items])

    def Chat(self, requests, context):
        notes = []
        for note in requests:
            notes.append(note)
            yield shop_pb2.Note(text=f"re: {note.text}")
        told("/shop.v1.Catalog/Chat", context, notes)


class Orders(shop_pb2_grpc.OrdersServicer):
    def Place(self, request, context):
        told("/shop.v1.Orders/Place", context, [request])
        return shop_pb2.Summary(count=1)


def reflect(server, version):
    """Adds reflection; version 1 has the messages of the version before."""
    names = ["shop.v1.Catalog", "shop.v1.Orders", "shop.common.Orders"]
    if version == "v1alpha":
        reflection.enable_server_reflection(names, server)
        return
    servicer = reflection.ReflectionServicer(names)
    from grpc_reflection.v1alpha import reflection_pb2

    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    service = "grpc.reflection.v1.ServerReflection"
    handlers = grpc.method_handlers_generic_handler(service, {"ServerReflectionInfo": handler})
    server.add_generic_rpc_handlers([handlers])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--clients")
    parser.add_argument("--reflection")
    parser.add_argument("--protoset")
    parser.add_argument("--answers")
    parser.add_argument("--restart-after", type=int, default=0)
    args = parser.parse_args()
    if args.protoset:
        generate("--include_imports", f"--descriptor_set_out={args.protoset}")
    server, port = serve(args)
    print(port, flush=True)
    if args.restart_after:
        while len(calls) < args.restart_after:
            time.sleep(0.001)
        server.stop(grace=0).wait()
        args.port = port
        server, _ = serve(args)
    sys.stdin.read()
    server.stop(grace=0).wait()
    print(json.dumps({"calls": calls}))


def serve(args):
    """Starts a server; it and its port."""
    coding = grpc.Compression.Gzip if args.answers == "gzip" else grpc.Compression.NoCompression
    server = grpc.server(futures.ThreadPoolExecutor(16), compression=coding)
    shop_pb2_grpc.add_CatalogServicer_to_server(Catalog(), server)
    shop_pb2_grpc.add_OrdersServicer_to_server(Orders(), server)
    if args.reflection:
        reflect(server, args.reflection)
    address = f"127.0.0.1:{args.port}"
    if args.tls:
        cert, key = (pathlib.Path(path).read_bytes() for path in args.tls)
        clients = pathlib.Path(args.clients).read_bytes() if args.clients else None
        secrets = grpc.ssl_server_credentials([(key, cert)], clients, clients is not None)
        port = server.add_secure_port(address, secrets)
    else:
        port = server.add_insecure_port(address)
    server.start()
    return server, port


main()
