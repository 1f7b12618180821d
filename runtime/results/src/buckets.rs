//! Which bucket a value falls into, and which value a bucket stands for.
//!
//! Log-linear: 512 equally wide buckets per octave. Below 1 024 a bucket is one nanosecond wide, so
//! values are exact there; above, a bucket is at most 1/512 of its lower bound wide and reported
//! at its middle, so the error is below 1/1024 = 0.098 % of the value.

/// Buckets per octave, as a power of two.
const SUB_BITS: u32 = 9;
const SUB_BUCKETS: usize = 1 << SUB_BITS;
/// Octaves end here: the largest value has this many bits.
const VALUE_BITS: u32 = 44;

/// Largest value that is told apart, in nanoseconds (about 4.9 hours); larger ones count as this.
pub const MAX_VALUE_NS: u64 = (1 << VALUE_BITS) - 1;

/// Number of buckets that cover `0..=MAX_VALUE_NS`.
pub(crate) const BUCKETS: usize = (VALUE_BITS - SUB_BITS + 1) as usize * SUB_BUCKETS;

// A log entry keeps a bucket in two bytes.
const _: () = assert!(BUCKETS <= u16::MAX as usize);

/// The bucket of `value`, which must not exceed [`MAX_VALUE_NS`].
#[inline]
pub(crate) fn bucket_of(value: u64) -> usize {
    debug_assert!(value <= MAX_VALUE_NS);
    // Setting the lowest octave's bit makes small values share its width of one, without a branch.
    let octave = (value | SUB_BUCKETS as u64).ilog2() - SUB_BITS;
    ((octave as usize) << SUB_BITS) + (value >> octave) as usize
}

/// The middle of `bucket`, in nanoseconds.
pub(crate) fn midpoint(bucket: usize) -> f64 {
    let octave = (bucket >> SUB_BITS).saturating_sub(1);
    let mantissa = bucket - (octave << SUB_BITS);
    let low = (mantissa as u64) << octave;
    let width = 1u64 << octave;
    low as f64 + (width - 1) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_map_into_increasing_buckets_without_gaps() {
        let mut previous = 0;
        for octave in 0..VALUE_BITS {
            for step in 0..2048u64 {
                let value = (1u64 << octave) + ((step << octave) >> 11);
                let bucket = bucket_of(value);
                assert!(bucket == previous || bucket == previous + 1, "value {value}");
                previous = bucket;
            }
        }
        assert_eq!(bucket_of(0), 0);
        assert_eq!(bucket_of(MAX_VALUE_NS), BUCKETS - 1);
    }

    #[test]
    fn values_below_1024_are_exact() {
        for value in 0..1024 {
            assert_eq!(midpoint(bucket_of(value)), value as f64);
        }
    }

    #[test]
    fn every_bucket_holds_its_own_midpoint() {
        for bucket in 0..BUCKETS {
            assert_eq!(bucket_of(midpoint(bucket) as u64), bucket);
        }
    }
}
