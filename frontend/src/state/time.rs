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
