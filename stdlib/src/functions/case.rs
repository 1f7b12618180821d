//! What `upper` and `lower` share.

/// Appends a text with the case of its letters changed. Bytes that are not UTF-8 stay.
pub(super) fn changed<I: Iterator<Item = char>>(
    text: &[u8],
    out: &mut Vec<u8>,
    byte: fn(&u8) -> u8,
    letter: fn(char) -> I,
) {
    if text.is_ascii() {
        out.extend(text.iter().map(byte));
        return;
    }
    for chunk in text.utf8_chunks() {
        for char in chunk.valid().chars().flat_map(letter) {
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_that_are_not_text_stay() {
        let mut out = Vec::new();
        super::changed(b"a\xff\xc3\xa4", &mut out, u8::to_ascii_uppercase, char::to_uppercase);
        assert_eq!(out, b"A\xff\xc3\x84");
    }
}
