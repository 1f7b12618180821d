//! What functions of time share: the time of a call, and shifts like `+1d` or `-2h30m`.

use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, Zoned};
use ld_vm::Value;
use ld_vm::link::Call;

use super::{Parameter, ParameterKind, argument};

/// The parameter that shifts a time; it may be left out.
pub(super) const SHIFT: Parameter = Parameter {
    name: "shift",
    kind: ParameterKind::Text,
    doc: "How far from now: `+1d`, `-2h30m`; units are `y`, `mo`, `w`, `d`, `h`, `m`, `s` and `ms`.",
};

/// A shift that is known before the run, or is not.
pub(super) struct Shift(Option<Span>);

impl Shift {
    /// The shift an argument says.
    ///
    /// # Errors
    /// When it is known and is none.
    pub(super) fn of(arguments: &[Value<'_>], position: usize) -> Result<Self, String> {
        let known = argument::with_text(argument::at(arguments, position), |text| {
            span(text).ok_or_else(|| {
                let text = String::from_utf8_lossy(text);
                format!("`shift` must be a time like `+1d` or `-2h30m`, not `{text}`")
            })
        });
        Ok(Self(known.transpose()?))
    }

    /// The local time of a call, shifted; `None` when it is out of all calendars, or the
    /// shift has no value or is none.
    pub(super) fn apply(&self, call: &Call<'_>, position: usize) -> Option<Zoned> {
        let wall = call.clock.wall();
        let nanos = i32::try_from(wall.nanos).ok()?;
        let zone = TimeZone::fixed(Offset::from_seconds(wall.offset_seconds).ok()?);
        let now = Timestamp::new(wall.unix_seconds, nanos).ok()?.to_zoned(zone);
        let span = match (self.0, call.arguments.get(position)) {
            (Some(span), _) => span,
            (None, Some(&value)) => argument::with_text(value, span)??,
            (None, None) => return Some(now),
        };
        now.checked_add(span).ok()
    }
}

fn span(text: &[u8]) -> Option<Span> {
    str::from_utf8(text).ok()?.trim().parse().ok()
}
