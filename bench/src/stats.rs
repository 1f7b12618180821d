//! Arithmetic over a handful of rounds.

/// The middle of some figures, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Smallest figure.
    pub min: f64,
    /// Middle figure; mean of the two middle ones when their number is even.
    pub median: f64,
    /// Largest figure.
    pub max: f64,
}

impl Spread {
    /// `None` when there is no figure.
    #[must_use]
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let upper = *sorted.get(middle)?;
        let median = match sorted.len() % 2 {
            0 => (*sorted.get(middle - 1)? + upper) / 2.0,
            _ => upper,
        };
        Some(Self { min: *sorted.first()?, median, max: *sorted.last()? })
    }

    /// Distance from smallest to largest, in hundredths of the median.
    #[must_use]
    pub fn percent(self) -> f64 {
        (self.max - self.min) / self.median * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_an_odd_number_is_the_middle_one() {
        let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { min: 1.0, median: 2.0, max: 3.0 });
        assert_eq!(spread.percent(), 100.0);
    }

    #[test]
    fn median_of_an_even_number_lies_between_the_two_middle_ones() {
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
    }

    #[test]
    fn no_figure_has_no_median() {
        assert_eq!(Spread::of([]), None);
    }
}
