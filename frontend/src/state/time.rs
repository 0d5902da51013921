//! Moments as the browser shows them: no time library, `Date` and `Intl` do it.

use std::cell::OnceCell;

use js_sys::Intl::DateTimeFormat;
use js_sys::{Array, Date, Function, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::texts;

/// Milliseconds since 1970 of an RFC 3339 moment; NaN if it is none.
#[must_use]
pub fn ms(at: &str) -> f64 {
    Date::parse(at)
}

/// How a moment is written.
#[derive(Clone, Copy)]
enum Form {
    Time,
    DayAndTime,
    Date,
    Full,
    FullUtc,
}

impl Form {
    const fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Form::Time => &[("hour", "2-digit"), ("minute", "2-digit")],
            Form::DayAndTime => &[("dateStyle", "medium"), ("timeStyle", "short")],
            Form::Date => &[("dateStyle", "medium")],
            Form::Full => &[("dateStyle", "medium"), ("timeStyle", "medium")],
            Form::FullUtc => &[("dateStyle", "medium"), ("timeStyle", "medium"), ("timeZone", "UTC")],
        }
    }

    /// What writes moments in the reader's language.
    fn formatter(self) -> Function {
        let settings = Object::new();
        for (key, value) in self.options() {
            // Setting a property of a plain object cannot fail.
            drop(Reflect::set(&settings, &JsValue::from_str(key), &JsValue::from_str(value)));
        }
        DateTimeFormat::new(&Array::new(), &settings).format()
    }
}

thread_local! {
    /// Formatters, kept: a browser takes a millisecond or two to make one, and a page shows hundreds of moments.
    static FORMATTERS: [OnceCell<Function>; 5] = const { [const { OnceCell::new() }; 5] };
}

fn format(ms: f64, form: Form) -> String {
    FORMATTERS.with(|all| {
        let formatter = all[form as usize].get_or_init(|| form.formatter());
        // It fails only for what is no moment.
        let text = formatter.call1(&JsValue::UNDEFINED, &JsValue::from_f64(ms)).ok();
        text.and_then(|text| text.as_string()).unwrap_or_default()
    })
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
    format(at, if day(at) == day(now) { Form::Time } else { Form::DayAndTime })
}

/// The moment in full, in the reader's zone and in UTC.
#[must_use]
pub fn full(at: f64) -> String {
    if at.is_nan() {
        return String::new();
    }
    format!("{}\n{} {}", format(at, Form::Full), format(at, Form::FullUtc), texts::UTC)
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
    format(at, Form::Date)
}
