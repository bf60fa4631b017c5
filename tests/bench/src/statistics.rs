//! Median and quartiles.

/// The middle of some values and the range of the middle half.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    /// A quarter of the values is not above it.
    pub(crate) lower: f64,
    /// A quarter of the values is not below it.
    pub(crate) upper: f64,
}

impl Spread {
    /// That of at least one value.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: usize| quantile(&sorted, share);
        Some(Self { median: at(2)?, lower: at(1)?, upper: at(3)? })
    }
}

/// The value below which this many quarters of the sorted values are, between two neighbours as far as its position is.
fn quantile(sorted: &[f64], quarters: usize) -> Option<f64> {
    let position = sorted.len().checked_sub(1)? * quarters;
    let (index, rest) = (position / 4, position % 4);
    let (low, high) = (sorted.get(index)?, sorted.get(index + 1).unwrap_or(sorted.get(index)?));
    let share = [0.0, 0.25, 0.5, 0.75].get(rest)?;
    Some(low + (high - low) * share)
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_median_and_the_quartiles_lie_between_neighbours() {
        let cases: [(&[f64], [f64; 3]); 6] = [
            (&[7.0], [7.0, 7.0, 7.0]),
            (&[1.0, 3.0], [1.5, 2.0, 2.5]),
            (&[3.0, 1.0, 2.0], [1.5, 2.0, 2.5]),
            (&[4.0, 1.0, 3.0, 2.0], [1.75, 2.5, 3.25]),
            (&[5.0, 1.0, 4.0, 2.0, 3.0], [2.0, 3.0, 4.0]),
            (&[100.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
        ];
        for (values, [lower, median, upper]) in cases {
            assert_eq!(Spread::of(values), Some(Spread { median, lower, upper }), "{values:?}");
        }
        assert_eq!(Spread::of(&[]), None);
    }
}
