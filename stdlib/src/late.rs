//! What a plan writes as text in a language of its own, such as a pattern or a path: read before
//! the run where it is known by then, and else once for each text that comes.

use ld_vm::Value;
use ld_vm::kept::Kept;

use crate::assertions::text;

/// Something that is written as text.
pub(crate) trait Written: Sized + Send + Sync + 'static {
    /// Reads it; the error says what is wrong with the text.
    fn read(text: &str) -> Result<Self, String>;
}

/// Something written in a plan, perhaps with placeholders.
pub(crate) struct Late<T>(Option<T>);

impl<T: Written> Late<T> {
    /// Reads it, unless it is [`Value::Unset`] because it is not known yet.
    ///
    /// # Errors
    /// When the text makes no sense.
    pub(crate) fn new(written: Value<'_>) -> Result<Self, String> {
        let is_known = written != Value::Unset;
        Ok(Self(is_known.then(|| read(&text(written))).transpose()?))
    }

    /// Calls `then` with it; `written` is the text at this time.
    ///
    /// # Errors
    /// When the text turns out to make no sense.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        written: Value<'_>,
        kept: &mut Kept,
        then: impl FnOnce(&T, &mut Kept) -> R,
    ) -> Result<R, String> {
        match &self.0 {
            Some(known) => Ok(then(known, kept)),
            None => {
                let text = text(written);
                match &*kept.of(&text, || read::<T>(&text)) {
                    Ok(read) => Ok(then(read, kept)),
                    Err(why) => Err(why.clone()),
                }
            }
        }
    }
}

impl<T> Late<T> {
    /// What is known before the run.
    pub(crate) const fn known(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

fn read<T: Written>(text: &[u8]) -> Result<T, String> {
    T::read(&String::from_utf8_lossy(text))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    static READ: AtomicU32 = AtomicU32::new(0);

    struct Even(i64);

    impl Written for Even {
        fn read(text: &str) -> Result<Self, String> {
            READ.fetch_add(1, Ordering::Relaxed);
            let number = text.parse().ok().filter(|number| number % 2 == 0);
            number.map(Self).ok_or_else(|| format!("`{text}` is not even"))
        }
    }

    #[test]
    fn a_text_is_read_once_whether_it_makes_sense_or_not() {
        let mut kept = Kept::default();
        let late = Late::<Even>::new(Value::Unset).unwrap();
        for _ in 0..3 {
            let number = late.with(Value::Text(b"4"), &mut kept, |even, _| even.0);
            assert_eq!(number, Ok(4));
            let why = late.with(Value::Int(5), &mut kept, |_, _| ()).unwrap_err();
            assert_eq!(why, "`5` is not even");
        }
        assert_eq!(READ.load(Ordering::Relaxed), 2);
        assert!(Late::<Even>::new(Value::Text(b"5")).is_err());
    }
}
