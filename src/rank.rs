//! The order of the front page.

use crate::types::time::Timestamp;

/// The age that ten times the points outweigh, in microseconds: 22 hours, as on Lobsters
/// (`Story::HOTNESS_WINDOW`).
const WINDOW: i64 = 22 * 60 * 60 * 1_000_000;

/// A post's hotness: the creation time of an equally hot post with one point, in microseconds since the Unix
/// epoch. It depends on the score but not on the present time, so it is stored and indexed, and the front
/// page is a scan of that index. Scores below 1 count as 1.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // 19 windows at most
pub fn hotness(score: i64, created_at: Timestamp) -> i64 {
    created_at.as_micros().saturating_add((WINDOW as f64 * (score.max(1) as f64).log10()).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_the_points_outweigh_22_hours() {
        for (score, expected) in
            [(1, 0), (0, 0), (-5, 0), (10, WINDOW), (100, 2 * WINDOW), (1000, 3 * WINDOW)]
        {
            assert_eq!(hotness(score, Timestamp::EPOCH), expected, "score {score}");
            assert_eq!(
                hotness(score, Timestamp::from_micros(1_700_000_000_000_000)),
                1_700_000_000_000_000 + expected
            );
        }
        assert!(hotness(2, Timestamp::EPOCH) > hotness(1, Timestamp::EPOCH));
        assert_eq!(hotness(i64::MAX, Timestamp::MAX), i64::MAX);
    }
}
