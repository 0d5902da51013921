//! JSON as a serde data format over the browser's own `JSON`.
//!
//! serde_json would bring a parser, and for every type the code that finds a field by its name: the
//! first load has a budget of 180 KB. The browser has a parser, and serde's derived code also reads a structure
//! field by field in order, without names, as binary formats store it. So `read` looks up the fields that
//! the type lists and hands them over in that order, and `write` builds a plain object. `tests/wire.rs`
//! compares both with serde_json.
//!
//! What a type may ask for is what the types of `shared` need: structures, lists, options, words for enums,
//! text, numbers and flags. Anything else, like `#[serde(flatten)]`, is a [`Mismatch`] at run time.

pub mod plain;
mod read;
mod write;

use std::fmt;

use js_sys::JSON;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// Reads JSON text; `None` if it is no JSON or not of that type.
#[must_use]
pub fn from_text<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(read::Reader(JSON::parse(text).unwrap_or(JsValue::UNDEFINED))).ok()
}

/// Writes JSON text.
#[must_use]
pub fn to_text(value: &impl Serialize) -> String {
    let value = value.serialize(write::Writer).unwrap_or_default();
    // Only an object that contains itself, or `undefined` alone, has no text.
    JSON::stringify(&value).map(String::from).unwrap_or_default()
}

/// The value is not what the type asks for. Where and why nobody would read, so it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not of this type")
    }
}

impl std::error::Error for Mismatch {}

impl serde::de::Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl serde::ser::Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
