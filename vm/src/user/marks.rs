//! What is to be remembered of a user until its next step or sample, in one byte: users wait by the
//! ten thousand.

/// Facts that hold or do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u8);

/// One fact.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Mark {
    /// The sample or text was handed out; its buffer goes back with the next step.
    Sampled = 1,
    /// A value was too long, which the next sample tells.
    TooLong = 1 << 1,
}

impl Marks {
    #[inline]
    pub(super) const fn has(self, mark: Mark) -> bool {
        self.0 & mark as u8 != 0
    }

    #[inline]
    pub(super) const fn set(&mut self, mark: Mark, holds: bool) {
        self.0 = if holds { self.0 | mark as u8 } else { self.0 & !(mark as u8) };
    }

    /// Whether it held; it does not any more.
    #[inline]
    pub(super) const fn take(&mut self, mark: Mark) -> bool {
        let had = self.has(mark);
        self.set(mark, false);
        had
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_stands_by_itself() {
        let mut marks = Marks::default();
        marks.set(Mark::Sampled, true);
        marks.set(Mark::TooLong, false);
        assert!(marks.has(Mark::Sampled) && !marks.has(Mark::TooLong));
        marks.set(Mark::TooLong, true);
        assert!(marks.take(Mark::Sampled) && !marks.take(Mark::Sampled));
        assert!(marks.has(Mark::TooLong));
    }
}
