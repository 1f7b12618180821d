//! Files, devices, digests, passwords.

use fake::locales::{Data, EN};

use super::Provider;
use super::draw::Draw;

const EXTENSION: &[&str] = &[
    "avi", "bmp", "css", "csv", "docx", "flac", "gif", "html", "jpg", "js", "json", "mov", "mp3",
    "mp4", "odt", "pdf", "png", "pptx", "tiff", "txt", "wav", "webm", "xls", "xlsx",
];
const MIME: &[&str] = &[
    "application/gzip",
    "application/javascript",
    "application/json",
    "application/octet-stream",
    "application/pdf",
    "application/xml",
    "application/zip",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/svg+xml",
    "image/tiff",
    "message/http",
    "multipart/form-data",
    "multipart/mixed",
    "text/css",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
    "video/mp4",
    "video/mpeg",
    "video/ogg",
    "video/quicktime",
    "video/webm",
];
const DEVICE: &[&str] = &["/dev/sd?", "/dev/vd?", "/dev/xvd?"];
const PARTITION: &[&str] = &["/dev/sd?#", "/dev/vd?#", "/dev/xvd?#"];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::one_of("file_extension", EXTENSION),
    Provider::text("file_name", file_name),
    Provider::text("file_path", |draw| {
        draw.put("/");
        draw.one_of(EN::LOREM_WORD);
        draw.put("/");
        file_name(draw);
    }),
    Provider::pattern("md5", &["&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&"]),
    Provider::one_of("mime_type", MIME),
    Provider::text("password", password),
    Provider::pattern("sha1", &["&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&"]),
    Provider::pattern(
        "sha256",
        &["&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&"],
    ),
    Provider::pattern("unix_device", DEVICE),
    Provider::pattern("unix_partition", PARTITION),
];

fn file_name(draw: &mut Draw<'_>) {
    draw.one_of(EN::LOREM_WORD);
    draw.put(".");
    draw.one_of(EXTENSION);
}

/// Ten characters, at least one of each kind.
fn password(draw: &mut Draw<'_>) {
    const KINDS: [&[u8]; 4] = [
        b"!@#$%^&*()_+",
        b"0123456789",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        b"abcdefghijklmnopqrstuvwxyz",
    ];
    for kind in KINDS {
        draw.letters(kind, 1);
    }
    for _ in KINDS.len()..10 {
        let kind = draw.choice(&KINDS);
        draw.letters(kind, 1);
    }
    draw.rng.shuffle(draw.out);
}
