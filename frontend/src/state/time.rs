//! Moments as the browser shows them: no time library, `Date` and `Intl` do it.

use js_sys::{Date, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::texts;

/// Milliseconds since 1970 of an RFC 3339 moment; NaN if it is none.
#[must_use]
pub fn ms(at: &str) -> f64 {
    Date::parse(at)
}

fn format(ms: f64, options: &[(&str, &str)]) -> String {
    let settings = Object::new();
    for (key, value) in options {
        // Setting a property of a plain object cannot fail.
        drop(Reflect::set(&settings, &JsValue::from_str(key), &JsValue::from_str(value)));
    }
    let date = Date::new(&JsValue::from_f64(ms));
    date.to_locale_string("default", &settings).into()
}

/// "10:42" today, "30 Jan, 10:42" on another day, in the reader's zone.
#[must_use]
pub fn clock(at: f64, now: f64) -> String {
    let day = |ms: f64| {
        let date = Date::new(&JsValue::from_f64(ms));
        (date.get_full_year(), date.get_month(), date.get_date())
    };
    if at.is_nan() {
        return String::new();
    }
    let time = [("hour", "2-digit"), ("minute", "2-digit")];
    if day(at) == day(now) {
        format(at, &time)
    } else {
        format(at, &[("day", "numeric"), ("month", "short"), time[0], time[1]])
    }
}

/// The moment in full, in the reader's zone and in UTC.
#[must_use]
pub fn full(at: f64) -> String {
    if at.is_nan() {
        return String::new();
    }
    let style = [("dateStyle", "medium"), ("timeStyle", "medium")];
    let utc = [style[0], style[1], ("timeZone", "UTC")];
    format!("{}\n{} {}", format(at, &style), format(at, &utc), texts::UTC)
}

/// The beginning of a day, `2026-01-31` in the reader's zone, as RFC 3339 in UTC; with `next` that of the day
/// behind it. Empty if it is no day.
#[must_use]
pub fn day(day: &str, next: bool) -> String {
    // Without a zone the browser reads local time.
    let date = Date::new(&JsValue::from_str(&format!("{day}T00:00:00")));
    if date.get_time().is_nan() {
        return String::new();
    }
    if next {
        // Not 24 hours later: some days have 23 or 25.
        date.set_date(date.get_date() + 1);
    }
    date.to_iso_string().into()
}

/// "31 January 2026", in the reader's zone.
#[must_use]
pub fn date(at: f64) -> String {
    if at.is_nan() {
        return String::new();
    }
    format(at, &[("dateStyle", "medium")])
}
