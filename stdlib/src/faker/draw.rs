//! What providers draw with and write to.

use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;
use jiff::{Timestamp, civil};
use ld_vm::link::Wall;

/// Random numbers, the time, and where a value is written.
pub(super) struct Draw<'d> {
    pub(super) rng: &'d mut fastrand::Rng,
    pub(super) out: &'d mut Vec<u8>,
    wall: Wall,
}

impl<'d> Draw<'d> {
    pub(super) const fn new(rng: &'d mut fastrand::Rng, wall: Wall, out: &'d mut Vec<u8>) -> Self {
        Self { rng, out, wall }
    }

    /// Writes a text as it is.
    pub(super) fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// One of several, each equally likely.
    pub(super) fn choice<T: Copy + Default>(&mut self, items: &[T]) -> T {
        self.rng.choice(items).copied().unwrap_or_default()
    }

    /// Writes one of several words.
    pub(super) fn one_of(&mut self, words: &[&str]) {
        let word = self.choice(words);
        self.put(word);
    }

    /// Writes one of several words in lower case, letters and digits only.
    pub(super) fn plain(&mut self, words: &[&str]) {
        let word = self.choice(words);
        let letters = word.bytes().filter(u8::is_ascii_alphanumeric);
        self.out.extend(letters.map(|byte| byte.to_ascii_lowercase()));
    }

    /// A number between two, both included.
    pub(super) fn between(&mut self, least: i64, greatest: i64) -> i64 {
        self.rng.i64(least..=greatest.max(least))
    }

    /// Whether something happens that does so in `percent` of all cases.
    pub(super) fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    /// Writes a number.
    pub(super) fn number(&mut self, number: i64) {
        self.put(itoa::Buffer::new().format(number));
    }

    /// Writes a number between two, both included.
    pub(super) fn int(&mut self, least: i64, greatest: i64) {
        let number = self.between(least, greatest);
        self.number(number);
    }

    /// Writes a pattern: `#` is a digit, `%` one that is not 0, `?` a letter, `^` a capital,
    /// `&` a hexadecimal digit; anything else is itself.
    pub(super) fn pattern(&mut self, pattern: &str) {
        for byte in pattern.bytes() {
            let byte = match byte {
                b'#' => b'0' + self.rng.u8(0..10),
                b'%' => b'1' + self.rng.u8(0..9),
                b'?' => self.choice(b"abcdefghijklmnopqrstuvwxyz"),
                b'^' => self.choice(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                b'&' => self.choice(b"0123456789abcdef"),
                byte => byte,
            };
            self.out.push(byte);
        }
    }

    /// Writes a character of an alphabet, so many times.
    pub(super) fn letters(&mut self, alphabet: &[u8], count: usize) {
        for _ in 0..count {
            let letter = self.choice(alphabet);
            self.out.push(letter);
        }
    }

    /// What was written so far.
    pub(super) fn written(&self) -> &[u8] {
        self.out
    }

    /// Writes a text as a JSON string.
    pub(super) fn string(&mut self, write: impl FnOnce(&mut Self)) {
        self.out.push(b'"');
        let start = self.out.len();
        write(self);
        // Nothing here writes control characters other than line breaks.
        let mut at = start;
        while let Some(&byte) = self.out.get(at) {
            let escaped = match byte {
                b'"' | b'\\' => byte,
                b'\n' => b'n',
                _ => {
                    at += 1;
                    continue;
                }
            };
            self.out.splice(at..=at, [b'\\', escaped]);
            at += 2;
        }
        self.out.push(b'"');
    }

    /// Writes a JSON array.
    pub(super) fn array(&mut self, items: &[&dyn Fn(&mut Self)]) {
        for (position, item) in items.iter().enumerate() {
            self.put(if position == 0 { "[" } else { ", " });
            item(self);
        }
        self.put("]");
    }

    /// The local time now, in seconds.
    pub(super) const fn now(&self) -> i64 {
        self.wall.unix_seconds.saturating_add(self.wall.offset_seconds as i64)
    }

    /// The local date now.
    pub(super) fn today(&self) -> civil::Date {
        datetime(self.now()).date()
    }

    /// A time between two, in seconds of local time.
    pub(super) fn moment(&mut self, from: i64, to: i64) -> civil::DateTime {
        let seconds = self.between(from, to);
        let nanos = self.rng.i32(0..1_000_000) * 1000;
        let time = datetime(seconds);
        time.with().subsec_nanosecond(nanos).build().unwrap_or(time)
    }

    /// Writes a time in a format of `strftime`.
    pub(super) fn time(&mut self, time: civil::DateTime, format: &str) {
        // The formats of providers are right.
        let _ = BrokenDownTime::from(time).format(format, &mut *self.out);
    }
}

/// The time so many seconds after the beginning of 1970.
fn datetime(seconds: i64) -> civil::DateTime {
    Offset::UTC.to_datetime(Timestamp::from_second(seconds).unwrap_or_default())
}
