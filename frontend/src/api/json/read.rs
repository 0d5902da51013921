//! From a JSON value to a type.

use std::slice::Iter;

use js_sys::{Array, Reflect};
use serde::de::value::U32Deserializer;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use wasm_bindgen::{JsCast, JsValue};

use super::Mismatch;

/// A value to be read.
pub(super) struct Reader(pub(super) JsValue);

impl Reader {
    fn integer(&self) -> Result<i64, Mismatch> {
        let number = self.0.as_f64().ok_or(Mismatch)?;
        // Ids and counts stay far below 2^53, up to which JSON's numbers are exact in a browser.
        let integer = number as i64;
        if integer as f64 == number { Ok(integer) } else { Err(Mismatch) }
    }
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Mismatch;

    /// No type here takes whatever comes.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Mismatch> {
        Err(Mismatch)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_bool(self.0.as_bool().ok_or(Mismatch)?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_i64(self.integer()?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_i64(self.integer()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_string(self.0.as_string().ok_or(Mismatch)?)
    }

    /// What is absent is like `null`.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.0.is_null() || self.0.is_undefined() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    /// An answer that says nothing more than that it went well, whatever is in it.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let list = self.0.dyn_into::<Array>().map_err(|_| Mismatch)?;
        visitor.visit_seq(Items { next: 0, list })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_seq(Fields { object: self.0, names: fields.iter() })
    }

    /// A word stands for the variant at its place in the list; an unknown one for none, or for the one that the
    /// type keeps for such words.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let word = self.0.as_string().ok_or(Mismatch)?;
        let place = variants.iter().position(|variant| *variant == word);
        visitor.visit_enum(U32Deserializer::new(place.map_or(u32::MAX, |place| place as u32)))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u32 u64 u128 f32 f64 char str bytes byte_buf unit_struct newtype_struct tuple
        tuple_struct map identifier ignored_any
    }
}

/// The elements of a list.
struct Items {
    next: u32,
    list: Array,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        if self.next == self.list.length() {
            return Ok(None);
        }
        let item = self.list.get(self.next);
        self.next += 1;
        seed.deserialize(Reader(item)).map(Some)
    }
}

/// The fields of an object, in the order of the type's list.
struct Fields {
    object: JsValue,
    names: Iter<'static, &'static str>,
}

impl Fields {
    fn next(&mut self) -> Result<Reader, Mismatch> {
        let name = self.names.next().ok_or(Mismatch)?;
        // What is no object has no fields to be asked for.
        let value = Reflect::get(&self.object, &JsValue::from_str(name)).map_err(|_| Mismatch)?;
        Ok(Reader(value))
    }
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        seed.deserialize(self.next()?).map(Some)
    }
}
