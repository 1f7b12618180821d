//! Where a reply ends: the sizes in RESP, looked at before anything is made of them, so that what
//! a server claims is bounded before it is believed.

use memchr::memchr;

/// The largest reply taken from a server, in bytes.
pub(super) const MOST_BYTES: usize = 64 << 20;

/// The most values in a reply, those within values included.
const MOST_VALUES: u64 = 1 << 20;

/// The longest line; longer texts come with their size.
const MOST_LINE: usize = 64 << 10;

/// Looks for the end of a reply while it arrives.
#[derive(Debug)]
pub(super) struct Frame {
    /// Where the next value begins; may lie beyond what has arrived.
    at: usize,
    /// How many values are still to come.
    left: u64,
    /// How many values there are in all.
    values: u64,
}

impl Frame {
    /// Of `count` replies.
    pub(super) const fn of(count: u64) -> Self {
        Self { at: 0, left: count, values: count }
    }

    /// Looks at all that has arrived of the replies so far: where they end, if that is known.
    ///
    /// # Errors
    /// When the bytes are no replies, or larger ones than are taken; says why.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        while self.left > 0 {
            let Some((&kind, rest)) = bytes.get(self.at..).and_then(<[u8]>::split_first) else {
                return Ok(None);
            };
            let end = memchr(b'\n', rest);
            if end.unwrap_or(rest.len()) > MOST_LINE {
                return Err("a line without an end");
            }
            let Some(end) = end else { return Ok(None) };
            let line = rest.get(..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").ok_or("a line feed without a carriage return")?;
            let next = self.at + 1 + end + 1;
            let (within, next) = match kind {
                b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => (0, next),
                b'$' | b'!' | b'=' => match size(line)? {
                    Some(size) => {
                        let size = usize::try_from(size).unwrap_or(usize::MAX);
                        (0, next.saturating_add(size).saturating_add(2))
                    }
                    None if kind == b'$' => (0, next),
                    None => return Err("a negative size"),
                },
                b'*' => (size(line)?.unwrap_or(0), next),
                b'~' | b'>' => (size(line)?.ok_or("a negative size")?, next),
                b'%' => (size(line)?.ok_or("a negative size")?.saturating_mul(2), next),
                b'|' => {
                    let pairs = size(line)?.ok_or("a negative size")?;
                    (pairs.saturating_mul(2).saturating_add(1), next)
                }
                _ => return Err("this is not Redis"),
            };
            self.values = self.values.saturating_add(within);
            if next > MOST_BYTES || self.values > MOST_VALUES {
                return Err("the reply is too large");
            }
            self.at = next;
            self.left = self.left.saturating_sub(1).saturating_add(within);
        }
        Ok((bytes.len() >= self.at).then_some(self.at))
    }
}

/// A size; `None` for -1, which stands for nil.
fn size(line: &[u8]) -> Result<Option<u64>, &'static str> {
    if line == b"-1" {
        return Ok(None);
    }
    let text = str::from_utf8(line).unwrap_or_default();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(size) if is_number => Ok(Some(size)),
        _ if is_number => Err("the reply is too large"),
        _ => Err("a size that is no number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        for (replies, count) in [
            (&b"+OK\r\n"[..], 1),
            (b"$-1\r\n", 1),
            (b"*-1\r\n", 1),
            (b"$3\r\na\r\n\r\n", 1),
            (b"*2\r\n*1\r\n:1\r\n$0\r\n\r\n", 1),
            (b"+OK\r\n:12\r\n-ERR no\r\n", 3),
            (b"%1\r\n+a\r\n*0\r\n", 1),
            (b"|1\r\n+a\r\n+b\r\n+c\r\n", 1),
        ] {
            let mut more = replies.to_vec();
            more.extend_from_slice(b"+more\r\n");
            assert_eq!(Frame::of(count).advance(&more), Ok(Some(replies.len())));
            let mut frame = Frame::of(count);
            for end in 0..replies.len() {
                assert_eq!(frame.advance(&replies[..end]), Ok(None), "{replies:?} {end}");
            }
            assert_eq!(frame.advance(replies), Ok(Some(replies.len())));
        }
    }

    #[test]
    fn what_is_no_reply_or_too_large_is_refused_at_once() {
        for (bytes, why) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], "this is not Redis"),
            (b"+OK\n", "a line feed without a carriage return"),
            (b"$x\r\n", "a size that is no number"),
            (b"$\r\n", "a size that is no number"),
            (b"$-2\r\n", "a size that is no number"),
            (b"%-1\r\n", "a negative size"),
            (b"$99999999999\r\n", "the reply is too large"),
            (b"*99999999999999999999999\r\n", "the reply is too large"),
            (b"%18446744073709551615\r\n", "the reply is too large"),
        ] {
            assert_eq!(Frame::of(1).advance(bytes), Err(why));
        }
        assert_eq!(Frame::of(1).advance(&vec![b'+'; MOST_LINE + 2]), Err("a line without an end"));
    }
}
