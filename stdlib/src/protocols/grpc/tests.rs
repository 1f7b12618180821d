//! How tasks become calls.

use super::*;
use crate::span::Span;
use crate::template::Member;

fn tree(kind: TreeKind) -> Tree {
    Tree { span: Span::default(), kind }
}

fn text(text: &str) -> Tree {
    tree(TreeKind::Text(Template::text(text)))
}

fn prepared(fields: &[(&'static str, Tree)]) -> Result<Prepared, String> {
    let reflection = ("reflection", tree(TreeKind::Bool(true)));
    let fields = fields.iter().chain([&reflection]).map(|(name, tree)| (*name, tree)).collect();
    let task = Task { user: "grpc_user", span: Span::default(), fields, host: None, http2: false };
    prepare(&task).map_err(|problems| problems[0].message.clone())
}

fn part_of(prepared: &Prepared, part: u8) -> String {
    String::from_utf8(prepared.parts[usize::from(part)].constant().unwrap()).unwrap()
}

#[test]
fn a_task_that_names_only_its_method_has_the_references_defaults() {
    let prepared = prepared(&[("method", text("/shop.Catalog/Find"))]).unwrap();
    assert_eq!(part_of(&prepared, part::TARGET), "localhost:50051");
    assert_eq!(prepared.options, [0, 10_000_000_000, -1, 1, 0, 4 << 20, 0]);
    assert_eq!(prepared.method, "GRPC");
    assert_eq!(prepared.name.constant().unwrap(), b"shop.Catalog/Find");
    assert_eq!(prepared.check, Some("grpc_ok"));
}

#[test]
fn a_stub_stands_for_the_service_of_its_name() {
    let fields = [("method", text("Find")), ("stub_path", text("a.shop_pb2_grpc.CatalogStub"))];
    let stub = prepared(&fields).unwrap();
    assert_eq!(part_of(&stub, part::SERVICE), "Catalog");
    assert_eq!(stub.options[usize::from(option::STUB)], 1);
    assert_eq!(stub.name.constant().unwrap(), b"a.shop_pb2_grpc.CatalogStub.Find");
    let fields = [("method", text("Find")), ("stub_path", text("a b.CatalogStub"))];
    assert_eq!(prepared(&fields).unwrap_err(), "invalid dotted import path: 'a b.CatalogStub'");
}

#[test]
fn what_is_needed_and_not_there_is_told() {
    let error = prepared(&[("method", text("Find"))]).unwrap_err();
    assert_eq!(error, "this method has no service");
    let (method, stub) = (text("Find"), text("shop_pb2_grpc.CatalogStub"));
    let task = Task {
        user: "grpc_user",
        span: Span::default(),
        fields: vec![("method", &method), ("stub_path", &stub)],
        host: None,
        http2: false,
    };
    assert_eq!(
        prepare(&task).unwrap_err()[0].message,
        "grpc: no descriptor for shop_pb2_grpc.CatalogStub; give proto, descriptor_set or enable \
         reflection"
    );
}

#[test]
fn statuses_and_kinds_have_names_and_numbers() {
    let of = |status: Tree, rpc: &str| {
        let fields = [("method", text("a.B/C")), ("expect_status", status), ("rpc", text(rpc))];
        let prepared = prepared(&fields).unwrap();
        let option = |number: u8| prepared.options[usize::from(number)];
        (option(option::EXPECT_STATUS), option(option::RPC), prepared.check)
    };
    assert_eq!(of(text("not_found"), "Bidirectional"), (5, 4, None));
    assert_eq!(of(tree(TreeKind::Int(16)), "unary"), (16, 1, None));
    assert_eq!(of(text("OK"), "client_stream"), (0, 3, Some("grpc_ok")));
}

#[test]
fn metadata_is_an_object_or_pairs_and_checked() {
    let of = |metadata: Tree| {
        let fields = [("method", text("a.B/C")), ("metadata", metadata)];
        prepared(&fields).map(|prepared| part_of(&prepared, part::METADATA))
    };
    let member = |name: &str, value: Tree| Member {
        name: name.to_owned(),
        name_span: Span::default(),
        value,
    };
    let map = |name: &str, value: Tree| tree(TreeKind::Map(vec![member(name, value)]));
    let list = tree(TreeKind::List(vec![text("1"), text("2")]));
    assert_eq!(of(map("X-Two", list.clone())).unwrap(), "x-two: 1\nx-two: 2\n");
    assert_eq!(of(tree(TreeKind::List(vec![list]))).unwrap(), "1: 2\n");
    assert_eq!(of(map("k-bin", text("AAE"))).unwrap(), "k-bin: AAE\n");
    for (name, value, why) in [
        ("grpc-timeout", "1S", "not for a plan to set"),
        ("a b", "1", "cannot be a key"),
        ("k-bin", "a*", "base64"),
        ("k", "\u{e9}", "more than ASCII"),
    ] {
        let error = of(map(name, text(value))).unwrap_err();
        assert!(error.contains(why), "{name}: {error}");
    }
}
