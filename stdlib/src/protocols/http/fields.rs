//! The fields of an HTTP task.

use super::METHODS;
use crate::field::{Field, Shape};
use crate::protocols::tls::VERIFY;

const PARAMS: Shape = Shape::Either(&[Shape::Map(&Shape::Written), Shape::Text, Shape::Null]);

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "allow_redirects",
        Shape::Bool,
        "Whether redirects are followed, 30 at most; the chain counts as one request.",
        "false",
    )
    .aliases(&["follow_redirects"])
    .default("true; false for HEAD of `http_user` and for `async_http_user`"),
    Field::new(
        "auth",
        Shape::Either(&[Shape::Object(AUTH), Shape::Null]),
        "Sends an `Authorization` header, in place of one in `headers`.",
        r#"{"type": "bearer", "token": "${token}"}"#,
    ),
    Field::new(
        "body_file",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "The body: a file, seen from the working directory or else from the plan's folder. It is read once and shared by all users.",
        r#""upload.bin""#,
    )
    .path(),
    Field::new(
        "cert",
        Shape::Either(&[Shape::Text, Shape::List(&Shape::Text), Shape::Null]),
        "The client certificate: a PEM file with certificate and key, or a pair of files.",
        r#"["client.pem", "client.key"]"#,
    )
    .aliases(&["client_cert"])
    .path(),
    Field::new(
        "compress",
        Shape::Either(&[Shape::Choice(&["gzip", "deflate"]), Shape::Null]),
        "Compresses the body and says so in `Content-Encoding`; a body that does not vary is compressed before the run.",
        r#""gzip""#,
    ),
    Field::new(
        "connection",
        Shape::Either(&[Shape::Choice(&["keep", "close"]), Shape::Null]),
        "Whether the connection stays open after the reply; `close` also tells the server.",
        r#""close""#,
    )
    .default("keep, unless a header `Connection` says close"),
    Field::new(
        "cookies",
        Shape::Either(&[Shape::Map(&Shape::Text), Shape::Text, Shape::Null]),
        "Cookies sent with this request, beside those the server has set.",
        r#"{"theme": "dark"}"#,
    ),
    Field::new(
        "data",
        Shape::Either(&[Shape::Map(&Shape::Written), Shape::Text, Shape::Null]),
        "The body: text as it is, an object as a form.",
        r#"{"user": "ada", "lang": ["de", "en"]}"#,
    ),
    Field::new(
        "expect_continue",
        Shape::Bool,
        "Sends `Expect: 100-continue`, and the body only when the server asks for it or has been silent for a second.",
        "true",
    )
    .default("false"),
    Field::new(
        "files",
        FILES,
        "The body: a multipart form with these files, after the fields of `data`. As an object: by the name of the form's field, each a text or an object.",
        r#"[{"field": "photo", "path": "photo.jpg", "content_type": "image/jpeg"}]"#,
    ),
    Field::new(
        "graphql",
        Shape::Either(&[Shape::Object(GRAPHQL), Shape::Null]),
        "The body: a GraphQL query. Errors in the reply fail the request.",
        r#"{"query": "query($id: ID!) { user(id: $id) { name } }", "variables": {"id": "1"}}"#,
    ),
    Field::new(
        "headers",
        Shape::Either(&[Shape::Map(&HEADER), Shape::Null]),
        "Header lines; a name given here replaces the one sent by default; one with `null` is left out, one with a list is sent once for each of its items.",
        r#"{"X-Tenant": "acme"}"#,
    ),
    Field::new(
        "http_version",
        Shape::Either(&[Shape::Later(&["3"]), Shape::Choice(&["1.1", "2", "auto"]), Shape::Null]),
        "The version of HTTP. With `2` requests of a user share one connection per origin, and `http://` URLs are spoken to in HTTP/2 at once; with `auto` the server chooses in TLS.",
        r#""2""#,
    )
    .default("1.1"),
    Field::new("json", Shape::Any, "The body, as JSON; `data` goes before it.", r#"{"id": 1}"#),
    Field::new(
        "method",
        Shape::OpenChoice(METHODS),
        "The method; one of your own, such as `PURGE`, is written as it is sent.",
        r#""get""#,
    )
    .required(),
    Field::new(
        "no_proxy",
        Shape::Either(&[Shape::List(&Shape::Text), Shape::Text, Shape::Null]),
        "Hosts and domains that `proxy` is not for; `*` is all.",
        r#"["localhost", ".internal.example"]"#,
    ),
    Field::new(
        "params",
        PARAMS,
        "Values added to the query; arrays repeat the name, `null` leaves it out.",
        r#"{"page": 2}"#,
    ),
    Field::new(
        "proxy",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "The proxy: `http://`, `socks5://` (names are looked up here) or `socks5h://` (by the proxy), perhaps with `user:password@`. Variables of the environment are not looked at.",
        r#""http://proxy.example:3128""#,
    ),
    Field::new(
        "request_url",
        Shape::Text,
        "The URL: absolute, or a path on the run's `host`.",
        r#""/orders?page=1""#,
    )
    .aliases(&["url"])
    .required(),
    Field::new(
        "timeout",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "The time limit of the whole exchange, in seconds; 0 for none.",
        "2.5",
    )
    .default("60 for `fast_http_user`, 30 for `async_http_user`, none for `http_user`"),
    Field::new(
        "tls",
        Shape::Either(&[Shape::Object(TLS), Shape::Null]),
        "What is said in TLS.",
        r#"{"min_version": "1.3", "server_name": "shop.example"}"#,
    ),
    VERIFY,
];

const HEADER: Shape = Shape::Either(&[Shape::Text, Shape::List(&Shape::Text), Shape::Null]);

const VERSIONS: Shape = Shape::Choice(&["1.2", "1.3"]);

const TLS: &[Field] = &[
    Field::new(
        "alpn",
        Shape::List(&Shape::Either(&[Shape::Later(&["h3"]), Shape::ConstantText])),
        "The application protocols to offer, in place of those that `http_version` means.",
        r#"["http/1.1"]"#,
    )
    .default("what `http_version` means"),
    Field::new("max_version", VERSIONS, "The highest version to offer.", r#""1.2""#),
    Field::new("min_version", VERSIONS, "The lowest version to offer.", r#""1.3""#),
    Field::new(
        "server_name",
        Shape::Text,
        "The name to ask for and to verify, in place of the URL's host.",
        r#""shop.example""#,
    ),
];

const FILES: Shape = Shape::Either(&[
    Shape::List(&Shape::Object(FILE)),
    Shape::Map(&Shape::Either(&[Shape::Text, Shape::Object(CONTENT)])),
    Shape::Null,
]);

const FILE: &[Field] = &[
    FILE_CONTENT,
    FILE_CONTENT_TYPE,
    Field::new("field", Shape::Text, "The name of the form's field.", r#""photo""#).required(),
    FILE_NAME,
    Field::new(
        "path",
        Shape::Text,
        "Where its content is, seen from the working directory or else from the plan's folder. The file is read once and shared by all users.",
        r#""photo.jpg""#,
    )
    .path(),
];

const CONTENT: &[Field] = &[
    FILE_CONTENT,
    FILE_CONTENT_TYPE,
    FILE_NAME,
    Field::new(
        "path",
        Shape::Text,
        "Where its content is, seen from the working directory or else from the plan's folder.",
        r#""photo.jpg""#,
    )
    .path(),
];

const FILE_CONTENT: Field =
    Field::new("content", Shape::Text, "What is in the file.", r#""id;name""#);

const FILE_CONTENT_TYPE: Field =
    Field::new("content_type", Shape::Text, "The type of its content.", r#""text/csv""#)
        .default("none; `application/octet-stream` with `path`");

const FILE_NAME: Field = Field::new(
    "filename",
    Shape::Either(&[Shape::Text, Shape::Null]),
    "The name of the file; `null` for a field that is no file.",
    r#""photo.jpg""#,
)
.default("the last part of `path`, else that of the field");

const GRAPHQL: &[Field] = &[
    Field::new(
        "allow_errors",
        Shape::Bool,
        "Whether a reply with `errors` in it is a good one.",
        "true",
    )
    .default("false"),
    Field::new("operation_name", Shape::Text, "Which operation of the query.", r#""GetUser""#),
    Field::new("query", Shape::Text, "The query or mutation.", r#""{ me { name } }""#).required(),
    Field::new(
        "variables",
        Shape::Either(&[Shape::Map(&Shape::Any), Shape::Null]),
        "The values of its variables.",
        r#"{"id": 1}"#,
    ),
];

const AUTH: &[Field] = &[
    Field::new("access_key", Shape::Text, "For `aws_sigv4`.", r#""AKIDEXAMPLE""#),
    Field::new(
        "add_to",
        Shape::Choice(&["body", "header", "query"]),
        "For `oauth1`: where its parameters go; to the body only of a form.",
        r#""query""#,
    )
    .default(r#""header""#),
    Field::new(
        "algorithm",
        Shape::Choice(&[
                "HS256",
                "HS384",
                "HS512",
                "RS256",
                "RS384",
                "RS512",
                "ES256",
                "ES384",
                "ES512",
                "MD5",
                "MD5-sess",
                "SHA-256",
                "SHA-256-sess",
                "SHA-512-256",
                "SHA-512-256-sess",
                "sha1",
                "sha256",
            ]),
        "For `jwt`: how the token is signed. For `hawk`: the hash, `sha256` unless said otherwise. For `digest` with a given `nonce`.",
        r#""HS256""#,
    ),
    Field::new("app", Shape::Text, "For `hawk`: the application.", r#""shop""#),
    Field::new(
        "audience",
        Shape::Text,
        "For `oauth2`: whom the token is for, where the server asks.",
        r#""https://api.example""#,
    ),
    Field::new(
        "body_hash",
        Shape::Bool,
        "For `hawk` and `oauth1`: whether a hash of the body is signed, too; with `oauth1` not that of a form, whose fields are signed anyway.",
        "true",
    )
    .default("false"),
    Field::new("callback", Shape::Text, "For `oauth1`: `oauth_callback`.", r#""oob""#),
    Field::new(
        "claims",
        Shape::Map(&Shape::Any),
        "For `jwt`: what the token says.",
        r#"{"sub": "${csv.users.name}"}"#,
    ),
    Field::new(
        "client_auth",
        Shape::Choice(&["basic", "body"]),
        "For `oauth2`: whether the client's id and secret go in a header or in the body.",
        r#""body""#,
    )
    .default(r#""basic""#),
    Field::new("client_id", Shape::Text, "For `oauth2`.", r#""shop""#),
    Field::new(
        "client_nonce",
        Shape::Text,
        "For `digest`: the client's nonce of every request.",
        r#""0a4f113b""#,
    )
    .default("a new one for each request"),
    Field::new("client_secret", Shape::Text, "For `oauth2`.", r#""${secret.CLIENT}""#),
    Field::new("consumer_key", Shape::Text, "For `oauth1`.", r#""dpf43f3p2l4k3l03""#),
    Field::new("consumer_secret", Shape::Text, "For `oauth1`.", r#""${secret.CONSUMER}""#),
    Field::new("delegation", Shape::Text, "For `hawk` with `app`: for whom it acts.", r#""ada""#),
    Field::new("ext", Shape::Text, "For `hawk`: what else is said and signed.", r#""staging""#),
    Field::new(
        "grant",
        Shape::Choice(&["client_credentials", "password", "refresh_token"]),
        "For `oauth2`: what a token is given for.",
        r#""password""#,
    )
    .default(r#""client_credentials""#),
    Field::new(
        "key",
        Shape::Text,
        "For `hawk`; for `jwt` the secret of HS algorithms, the private key in PEM of the others.",
        r#""secret""#,
    ),
    Field::new(
        "key_file",
        Shape::Text,
        "For `jwt`: the file with the key, seen from the working directory or else from the plan's folder.",
        r#""key.pem""#,
    )
    .path(),
    Field::new("key_id", Shape::Text, "For `hawk`: the `id`. For `jwt`: the `kid` in its header.", r#""2026-11""#),
    Field::new(
        "lifetime",
        Shape::Number { min: 1.0, max: 1e9 },
        "For `jwt`: seconds for which a token is good; adds `iat` and `exp`, and signs a new one in time.",
        "300",
    )
    .default("no `iat` and no `exp`"),
    Field::new(
        "nonce",
        Shape::Text,
        "For `digest`: the server's nonce, with which the first request already has credentials. For `hawk` and `oauth1`: that of every request.",
        r#""7ypf/xlj9XXwfDPE""#,
    )
    .default("for `digest` that of the server's challenge, else a new one for each request"),
    Field::new(
        "nonce_count",
        Shape::Text,
        "For `digest` with a given `nonce`: how often it will have been used, in hexadecimal.",
        r#""00000002""#,
    )
    .default(r#""00000001""#),
    Field::new("opaque", Shape::Text, "For `digest` with a given `nonce`.", r#""5ccc069c403e""#),
    Field::new("password", Shape::Text, "For `basic`, `digest`, and `oauth2` with the grant `password`.", r#""secret""#),
    Field::new(
        "qop",
        Shape::Choice(&["auth", "auth-int"]),
        "For `digest` with a given `nonce`: what is protected.",
        r#""auth""#,
    ),
    Field::new(
        "realm",
        Shape::Text,
        "For `digest` with a given `nonce`, and for `oauth1`.",
        r#""Photos""#,
    ),
    Field::new("refresh_token", Shape::Text, "For `oauth2`.", r#""${session.refresh}""#),
    Field::new("region", Shape::Text, "For `aws_sigv4`.", r#""us-east-1""#),
    Field::new("scope", Shape::Text, "For `oauth2`: what the token is to allow.", r#""orders:read""#),
    Field::new("secret_key", Shape::Text, "For `aws_sigv4`.", r#""wJalrXUtnFEMI""#),
    Field::new("service", Shape::Text, "For `aws_sigv4`.", r#""s3""#),
    Field::new("session_token", Shape::Text, "For `aws_sigv4`, with temporary keys.", r#""${token}""#),
    Field::new(
        "signature_method",
        Shape::Choice(&["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"]),
        "For `oauth1`.",
        r#""HMAC-SHA256""#,
    )
    .default(r#""HMAC-SHA1""#),
    Field::new(
        "timestamp",
        Shape::Text,
        "For `hawk` and `oauth1`: the time of every request, in seconds since 1970.",
        r#""137131200""#,
    )
    .default("that of the request"),
    Field::new("token", Shape::Text, "For `bearer` and `oauth1`.", r#""${token}""#),
    Field::new("token_secret", Shape::Text, "For `oauth1`.", r#""${secret.TOKEN}""#),
    Field::new(
        "token_url",
        Shape::Text,
        "For `oauth2`: where tokens are given.",
        r#""https://id.example/token""#,
    ),
    Field::new(
        "type",
        Shape::Choice(&[
            "aws_sigv4", "basic", "bearer", "digest", "hawk", "jwt", "oauth1", "oauth2",
        ]),
        "The scheme: `digest` is that of RFC 7616; the request that is asked for credentials counts as one with the one that gives them.",
        r#""basic""#,
    )
    .required(),
    Field::new("username", Shape::Text, "For `basic`, `digest`, and `oauth2` with the grant `password`.", r#""ada""#),
    Field::new("verifier", Shape::Text, "For `oauth1`: `oauth_verifier`.", r#""hfdp7dh39dks9884""#),
    Field::new("version", Shape::Text, "For `oauth1`: `oauth_version`, where the server asks for it.", r#""1.0""#),
];
