//! Passing over what a path does not lead into: 64 bytes at a time, looking only for what
//! may end it.
//!
//! Nothing passed over is checked. A string ends at its quote, an array or object at the
//! bracket that closes it, of either kind; see [`super::find`] for what that means.

use wide::u8x16;

/// Bytes looked at together.
const WIDTH: usize = 64;

/// Where the array or object ends whose inside begins with `rest`: the length of that, its
/// closing bracket included. `None` when it does not end.
pub(super) fn end_of_container(rest: &[u8]) -> Option<usize> {
    let mut place = Place { in_string: 0, is_escaped: 0, depth: 1 };
    let (blocks, tail) = rest.as_chunks::<WIDTH>();
    let mut before = 0;
    for block in blocks {
        if let Some(end) = place.end_in(block) {
            return Some(before + end);
        }
        before += WIDTH;
    }
    let mut block = [b' '; WIDTH];
    block.get_mut(..tail.len())?.copy_from_slice(tail);
    place.end_in(&block).map(|end| before + end)
}

/// Where the string ends whose inside begins at `start`: where its closing quote is, and
/// whether a backslash is in it. `None` when it does not end.
#[inline(always)]
pub(super) fn end_of_string(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut is_escaped = false;
    loop {
        let rest = bytes.get(at..)?;
        let is_quote = match rest.first_chunk::<16>() {
            Some(chunk) => {
                let chunk = u8x16::new(*chunk);
                let quotes = chunk.simd_eq(QUOTE).to_bitmask();
                let hits = quotes | chunk.simd_eq(BACKSLASH).to_bitmask();
                if hits == 0 {
                    at += 16;
                    continue;
                }
                at += hits.trailing_zeros() as usize;
                quotes & hits & hits.wrapping_neg() != 0
            }
            None => {
                let hit = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
                at += hit;
                rest.get(hit) == Some(&b'"')
            }
        };
        if is_quote {
            return Some((at, is_escaped));
        }
        is_escaped = true;
        at += 2;
    }
}

const QUOTE: u8x16 = u8x16::new([b'"'; 16]);
const BACKSLASH: u8x16 = u8x16::new([b'\\'; 16]);
/// Brackets and braces differ in one bit only, which is set before they are looked for.
const BRACES: u8x16 = u8x16::new([0x20; 16]);
const OPENING: u8x16 = u8x16::new([b'{'; 16]);
const CLOSING: u8x16 = u8x16::new([b'}'; 16]);

/// What is known between two blocks.
struct Place {
    /// All bits set inside a string, none outside.
    in_string: u64,
    /// The lowest bit is set when a backslash came last that escapes what follows.
    is_escaped: u64,
    /// How many arrays and objects are open.
    depth: usize,
}

impl Place {
    /// Where in a block the outermost array or object ends, behind its bracket.
    #[inline(always)]
    fn end_in(&mut self, block: &[u8; WIDTH]) -> Option<usize> {
        let (opening, mut brackets) = self.brackets(block);
        while brackets != 0 {
            let bit = brackets & brackets.wrapping_neg();
            // Without a branch: which bracket comes next is hard to foretell.
            self.depth = self.depth + 2 * usize::from(opening & bit != 0) - 1;
            if self.depth == 0 {
                return Some(bit.trailing_zeros() as usize + 1);
            }
            brackets ^= bit;
        }
        None
    }

    /// The opening brackets of a block outside strings, and all of them.
    #[inline(always)]
    fn brackets(&mut self, block: &[u8; WIDTH]) -> (u64, u64) {
        let (mut quotes, mut backslashes, mut opening, mut closing) = (0, 0, 0, 0);
        for (index, chunk) in block.as_chunks::<16>().0.iter().enumerate() {
            let chunk = u8x16::new(*chunk);
            let braces = chunk | BRACES;
            let mask = |found: u8x16| u64::from(found.to_bitmask()) << (index * 16);
            quotes |= mask(chunk.simd_eq(QUOTE));
            backslashes |= mask(chunk.simd_eq(BACKSLASH));
            opening |= mask(braces.simd_eq(OPENING));
            closing |= mask(braces.simd_eq(CLOSING));
        }
        if backslashes | self.is_escaped != 0 {
            quotes &= !self.escaped(backslashes);
        }
        let in_string = up_to_next(quotes) ^ self.in_string;
        self.in_string = if in_string >> 63 == 1 { u64::MAX } else { 0 };
        (opening & !in_string, (opening | closing) & !in_string)
    }

    /// The bytes of a block that are escaped by a backslash before them.
    #[cold]
    fn escaped(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = self.is_escaped;
        self.is_escaped = 0;
        backslashes &= !escaped;
        while backslashes != 0 {
            let bit = backslashes & backslashes.wrapping_neg();
            self.is_escaped = bit >> 63;
            escaped |= bit << 1;
            // What is escaped escapes nothing.
            backslashes &= !(bit | bit << 1);
        }
        escaped
    }
}

/// Sets all bits from each set bit up to the next one, which is left out: from the quotes
/// the strings.
const fn up_to_next(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `end_of_container` does, a byte at a time.
    fn end_plainly(rest: &[u8]) -> Option<usize> {
        let (mut depth, mut in_string, mut at) = (1, false, 0);
        while let Some(&byte) = rest.get(at) {
            at += 1;
            match byte {
                b'"' => in_string = !in_string,
                // Outside a string, where it may not be, a backslash escapes as well.
                b'\\' if in_string || matches!(rest.get(at), Some(b'"' | b'\\')) => at += 1,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    #[test]
    fn containers_end_where_they_end_byte_by_byte() {
        let mut rng = fastrand::Rng::with_seed(7);
        for round in 0..20_000 {
            let few = round % 3 == 0;
            let bytes: &[u8] = if few { b"a\\\"]  bcdefgh" } else { b"{[]}\"\\ a,[" };
            let length = rng.usize(..300);
            let text: Vec<u8> = (0..length).map(|_| *rng.choice(bytes).unwrap()).collect();
            let shown = String::from_utf8_lossy(&text);
            assert_eq!(end_of_container(&text), end_plainly(&text), "{shown}");
        }
    }

    #[test]
    fn strings_end_at_a_quote_that_is_not_escaped() {
        for before in 0..40 {
            let text = "x".repeat(before);
            for (rest, length, escaped) in [
                ("\"", 1, false),
                ("\\\"y\" \"", 4, true),
                ("\\\\\" and more, so that there is a chunk", 3, true),
            ] {
                let text = format!("{text}{rest}");
                let end = before + length - 1;
                assert_eq!(end_of_string(text.as_bytes(), 0), Some((end, escaped)));
                let text = format!("\"{text}");
                assert_eq!(end_of_string(text.as_bytes(), 1), Some((end + 1, escaped)));
            }
            for rest in ["", "\\", "\\\"", "\\\\\\\""] {
                assert_eq!(end_of_string(format!("{text}{rest}").as_bytes(), 0), None);
            }
        }
    }
}
