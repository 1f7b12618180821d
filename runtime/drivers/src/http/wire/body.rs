//! How a body ends, and what it is coded with.

/// How the end of a body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body.
    None,
    /// After this number of bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// When the peer closes the connection.
    UntilClose,
}

/// A content coding (RFC 9110 §8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 alone, as some servers send it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// One that cannot be undone here.
    Unknown,
}

/// The content codings of a body, in the order in which they were applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codings {
    applied: [Coding; Self::MOST],
    count: u8,
}

impl Codings {
    /// A body as it is.
    pub const NONE: Self = Self { applied: [Coding::Unknown; Self::MOST], count: 0 };

    /// More codings on top of each other than this are taken for an unknown one: each
    /// multiplies what a small reply can expand to.
    const MOST: usize = 3;

    /// Whether the body is as it is.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.count == 0
    }

    /// The codings, the one applied last in front: the order in which to undo them.
    pub fn to_undo(self) -> impl Iterator<Item = Coding> {
        self.applied.into_iter().take(usize::from(self.count)).rev()
    }

    /// Adds a coding by its name in `Content-Encoding`; `identity` adds none.
    pub(super) fn push(&mut self, name: &[u8]) {
        let coding = match () {
            () if name.eq_ignore_ascii_case(b"identity") => return,
            () if name.eq_ignore_ascii_case(b"gzip") => Coding::Gzip,
            () if name.eq_ignore_ascii_case(b"x-gzip") => Coding::Gzip,
            () if name.eq_ignore_ascii_case(b"deflate") => Coding::Deflate,
            () if name.eq_ignore_ascii_case(b"br") => Coding::Brotli,
            () if name.eq_ignore_ascii_case(b"zstd") => Coding::Zstd,
            () => Coding::Unknown,
        };
        match self.applied.get_mut(usize::from(self.count)) {
            Some(place) => {
                *place = coding;
                self.count += 1;
            }
            None => self.applied = [Coding::Unknown; Self::MOST],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codings(names: &[&str]) -> Vec<Coding> {
        let mut codings = Codings::NONE;
        names.iter().for_each(|name| codings.push(name.as_bytes()));
        codings.to_undo().collect()
    }

    #[test]
    fn codings_are_undone_in_reverse() {
        assert_eq!(codings(&[]), []);
        assert_eq!(codings(&["identity"]), []);
        assert_eq!(codings(&["gzip", "identity", "BR"]), [Coding::Brotli, Coding::Gzip]);
        assert_eq!(codings(&["compress"]), [Coding::Unknown]);
    }

    #[test]
    fn too_many_codings_are_unknown() {
        assert_eq!(codings(&["gzip", "gzip", "gzip", "gzip"]), [Coding::Unknown; 3]);
    }
}
