//! JSON through the browser's own `JSON`, field by field.
//!
//! serde would bring a parser and, for every type, several visitors with it: half as much again as all the
//! pages together, and the budget for the whole first load is 180 KB. The types are still those of
//! `shared`: a field that is new there does not compile here until it is read, and `tests/wire.rs` compares
//! each type with what serde makes of it.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// What can be read from a JSON value; `None` if the value is something else.
pub trait Read: Sized {
    /// Reads it.
    fn read(value: &JsValue) -> Option<Self>;
}

/// What can be written as a JSON value.
pub trait Write {
    /// The value; `undefined` for what is to be left out.
    fn write(&self) -> JsValue;
}

/// Reads JSON text; `None` if it is no JSON or not of that type.
#[must_use]
pub fn from_text<T: Read>(text: &str) -> Option<T> {
    T::read(&JSON::parse(text).unwrap_or(JsValue::UNDEFINED))
}

/// Writes JSON text.
#[must_use]
pub fn to_text(value: &impl Write) -> String {
    // Only an object that contains itself, or `undefined` alone, has no text.
    JSON::stringify(&value.write()).map(String::from).unwrap_or_default()
}

/// A field of an object.
#[must_use]
pub fn field<T: Read>(object: &JsValue, name: &str) -> Option<T> {
    T::read(&raw(object, name)?)
}

fn raw(object: &JsValue, name: &str) -> Option<JsValue> {
    // What is no object has no fields to be asked for.
    Reflect::get(object, &JsValue::from_str(name)).ok()
}

/// Sets a field of a plain object.
pub fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a property of a plain object cannot fail.
    drop(Reflect::set(object, &JsValue::from_str(name), value));
}

/// An answer that says nothing more than that it went well, whatever is in it.
impl Read for () {
    fn read(_: &JsValue) -> Option<Self> {
        Some(())
    }
}

impl Read for String {
    fn read(value: &JsValue) -> Option<Self> {
        value.as_string()
    }
}

impl Read for bool {
    fn read(value: &JsValue) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for i64 {
    fn read(value: &JsValue) -> Option<Self> {
        // Ids and counts stay far below 2^53, up to which JSON's numbers are exact in a browser.
        value.as_f64().map(|number| number as i64)
    }
}

impl Read for u16 {
    fn read(value: &JsValue) -> Option<Self> {
        value.as_f64().map(|number| number as u16)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &JsValue) -> Option<Self> {
        if value.is_null() || value.is_undefined() { Some(None) } else { T::read(value).map(Some) }
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: &JsValue) -> Option<Self> {
        T::read(value).map(Box::new)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &JsValue) -> Option<Self> {
        let mut all = Vec::new();
        for one in value.dyn_ref::<Array>()?.iter() {
            all.push(T::read(&one)?);
        }
        Some(all)
    }
}

/// A body without words: some operations need nothing but its kind.
impl Write for () {
    fn write(&self) -> JsValue {
        Object::new().into()
    }
}

impl Write for String {
    fn write(&self) -> JsValue {
        JsValue::from_str(self)
    }
}

impl Write for bool {
    fn write(&self) -> JsValue {
        JsValue::from_bool(*self)
    }
}

impl Write for i64 {
    fn write(&self) -> JsValue {
        JsValue::from_f64(*self as f64)
    }
}

impl Write for u32 {
    fn write(&self) -> JsValue {
        JsValue::from_f64(f64::from(*self))
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self) -> JsValue {
        self.as_ref().map_or(JsValue::UNDEFINED, Write::write)
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self) -> JsValue {
        self.iter().map(Write::write).collect::<Array>().into()
    }
}

/// Reads structures: the fields by their names in JSON, which are those in Rust.
macro_rules! read {
    ($($name:ident { $($field:ident),* $(,)? })*) => {
        $(impl Read for $name {
            fn read(value: &JsValue) -> Option<Self> {
                Some($name { $($field: field(value, stringify!($field))?),* })
            }
        })*
    };
}

/// Reads words that stand for the variants of an enum.
macro_rules! read_words {
    ($($name:ident),* $(,)?) => {
        $(impl Read for $name {
            fn read(value: &JsValue) -> Option<Self> {
                $name::parse(&value.as_string()?)
            }
        })*
    };
}

/// Writes structures.
macro_rules! write {
    ($($name:ident { $($field:ident),* $(,)? })*) => {
        $(impl Write for $name {
            fn write(&self) -> JsValue {
                let Self { $($field),* } = self;
                let object = Object::new();
                $(set(&object, stringify!($field), &$field.write());)*
                object.into()
            }
        })*
    };
}

/// Writes the word of an enum's variant.
macro_rules! write_words {
    ($($name:ident),* $(,)?) => {
        $(impl Write for $name {
            fn write(&self) -> JsValue {
                JsValue::from_str(self.as_str())
            }
        })*
    };
}

pub(super) use {read, read_words, write, write_words};
