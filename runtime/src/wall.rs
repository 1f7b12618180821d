//! The wall clock that functions such as `now()` read.

use std::{cell::Cell, time::SystemTime};

use jiff::{Timestamp, tz::TimeZone};
use ld_vm::link::{Clock, Wall};

/// Clocks are put forward or back on quarters of an hour, so a zone is asked once in each.
const QUARTER_S: i64 = 900;

/// Wall-clock time in the zone of this machine.
pub(crate) struct WallClock {
    zone: TimeZone,
    /// The quarter last asked for, and how many seconds local time is ahead of UTC in it.
    offset: Cell<Option<(i64, i32)>>,
}

impl WallClock {
    pub(crate) fn new() -> Self {
        Self::in_zone(TimeZone::system())
    }

    fn in_zone(zone: TimeZone) -> Self {
        Self { zone, offset: Cell::new(None) }
    }

    fn offset_seconds(&self, unix_seconds: i64) -> i32 {
        let quarter = unix_seconds.div_euclid(QUARTER_S);
        if let Some((of, offset)) = self.offset.get()
            && of == quarter
        {
            return offset;
        }
        let at = Timestamp::from_second(unix_seconds).unwrap_or_default();
        let offset = self.zone.to_offset(at).seconds();
        self.offset.set(Some((quarter, offset)));
        offset
    }
}

impl Clock for WallClock {
    fn wall(&self) -> Wall {
        // A clock set to before 1970 reads as 1970.
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let unix_seconds = since.as_secs().try_into().unwrap_or(i64::MAX);
        Wall {
            unix_seconds,
            nanos: since.subsec_nanos(),
            offset_seconds: self.offset_seconds(unix_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_changes_with_the_season() {
        let rule = "CET-1CEST,M3.5.0,M10.5.0/3";
        let clock = WallClock::in_zone(TimeZone::posix(rule).unwrap());
        // 2026-03-29, when clocks go from 02:00 to 03:00 at 01:00 UTC.
        let change = 1_774_746_000;
        let offsets = [change - 1, change, change - 1].map(|at| clock.offset_seconds(at));
        assert_eq!(offsets, [3600, 7200, 3600]);
    }

    #[test]
    fn tells_the_time_of_this_machine() {
        let wall = WallClock::in_zone(TimeZone::UTC).wall();
        assert!(wall.unix_seconds > 1_700_000_000);
        assert_eq!(wall.offset_seconds, 0);
    }
}
