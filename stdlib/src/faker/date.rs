//! Dates and times, most of them before or after now, in local time.

use jiff::civil::{Date, DateTime};
use ld_vm::Value;

use super::Provider;
use super::draw::Draw;

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY + DAY / 4;
const DATE: &str = "%Y-%m-%d";
const DATE_TIME: &str = "%Y-%m-%d %H:%M:%S.%6f";
const TIME: &str = "%H:%M:%S";

const WEEKDAYS: &[&str] =
    &["Friday", "Monday", "Saturday", "Sunday", "Thursday", "Tuesday", "Wednesday"];
const CENTURIES: &[&str] = &[
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV",
    "XVI", "XVII", "XVIII", "XIX", "XX", "XXI",
];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::one_of("am_pm", &["AM", "PM"]),
    Provider::one_of("century", CENTURIES),
    Provider::text("date", |draw| since_1970(draw, DATE)),
    Provider::text("date_between", |draw| past(draw, 30 * YEAR, DATE)),
    Provider::text("date_between_dates", |draw| past(draw, 0, DATE)),
    Provider::text("date_object", |draw| since_1970(draw, DATE)),
    Provider::text("date_of_birth", |draw| past(draw, 115 * YEAR, DATE)),
    Provider::text("date_this_century", |draw| since(draw, 100, DATE)),
    Provider::text("date_this_decade", |draw| since(draw, 10, DATE)),
    Provider::text("date_this_month", |draw| this_month(draw, DATE)),
    Provider::text("date_this_year", |draw| since(draw, 1, DATE)),
    Provider::text("date_time", |draw| since_1970(draw, DATE_TIME)),
    Provider::text("date_time_ad", |draw| {
        let begin = seconds(Date::constant(1, 1, 1));
        between(draw, begin, DATE_TIME);
    }),
    Provider::text("date_time_between", |draw| past(draw, 30 * YEAR, DATE_TIME)),
    Provider::text("date_time_between_dates", |draw| past(draw, 0, DATE_TIME)),
    Provider::text("date_time_this_century", |draw| since(draw, 100, DATE_TIME)),
    Provider::text("date_time_this_decade", |draw| since(draw, 10, DATE_TIME)),
    Provider::text("date_time_this_month", |draw| this_month(draw, DATE_TIME)),
    Provider::text("date_time_this_year", |draw| since(draw, 1, DATE_TIME)),
    Provider::text("day_of_month", |draw| since_1970(draw, "%d")),
    Provider::one_of("day_of_week", WEEKDAYS),
    Provider::text("future_date", |draw| future(draw, DATE)),
    Provider::text("future_datetime", |draw| future(draw, DATE_TIME)),
    Provider::text("iso8601", |draw| since_1970(draw, "%Y-%m-%dT%H:%M:%S.%6f")),
    Provider::text("month", |draw| since_1970(draw, "%m")),
    Provider::text("month_name", |draw| since_1970(draw, "%B")),
    Provider::text("past_date", |draw| last_month(draw, DATE)),
    Provider::text("past_datetime", |draw| last_month(draw, DATE_TIME)),
    Provider::text("time", |draw| since_1970(draw, TIME)),
    Provider::text("time_object", |draw| since_1970(draw, "%H:%M:%S.%6f")),
    Provider::value("unix_time", |draw| {
        let seconds = draw.now().max(0);
        Value::Float(draw.between(0, seconds.saturating_mul(1000)) as f64 / 1e3)
    }),
    Provider::text("year", |draw| since_1970(draw, "%Y")),
];

fn between(draw: &mut Draw<'_>, from: i64, format: &str) {
    let now = draw.now();
    let time = draw.moment(from, now);
    draw.time(time, format);
}

fn since_1970(draw: &mut Draw<'_>, format: &str) {
    between(draw, 0, format);
}

/// So many seconds before now at most.
fn past(draw: &mut Draw<'_>, most: i64, format: &str) {
    let from = draw.now().saturating_sub(most);
    between(draw, from, format);
}

/// Before now, in the last 30 days.
fn last_month(draw: &mut Draw<'_>, format: &str) {
    let now = draw.now();
    let time = draw.moment(now.saturating_sub(30 * DAY), now.saturating_sub(DAY));
    draw.time(time, format);
}

/// After now, within 30 days.
fn future(draw: &mut Draw<'_>, format: &str) {
    let now = draw.now();
    let time = draw.moment(now.saturating_add(DAY), now.saturating_add(30 * DAY));
    draw.time(time, format);
}

/// Since the last year that can be divided by `years` began.
fn since(draw: &mut Draw<'_>, years: i16, format: &str) {
    let year = draw.today().year();
    let begin = Date::new((year - year.rem_euclid(years)).max(1), 1, 1);
    between(draw, begin.map_or(0, seconds), format);
}

fn this_month(draw: &mut Draw<'_>, format: &str) {
    let begin = draw.today().first_of_month();
    between(draw, seconds(begin), format);
}

/// When a day began, in seconds since the beginning of 1970.
fn seconds(day: Date) -> i64 {
    let since = DateTime::from(day).duration_since(Date::constant(1970, 1, 1).into());
    since.as_secs()
}
