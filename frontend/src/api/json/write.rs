//! From a type to a JSON value.

use js_sys::{Array, Object, Reflect};
use serde::Serialize;
use serde::ser::{Impossible, SerializeSeq, SerializeStruct, Serializer};
use wasm_bindgen::JsValue;

use super::Mismatch;

/// Makes a value.
pub(super) struct Writer;

type Never = Impossible<JsValue, Mismatch>;

/// What no body contains.
macro_rules! never {
    ($($method:ident($($of:ty),*) -> $result:ty;)*) => {
        $(fn $method(self, $(_: $of),*) -> Result<$result, Mismatch> {
            Err(Mismatch)
        })*
    };
}

impl Serializer for Writer {
    type Ok = JsValue;
    type Error = Mismatch;
    type SerializeSeq = Items;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, flag: bool) -> Result<JsValue, Mismatch> {
        Ok(JsValue::from_bool(flag))
    }

    /// Ids and counts stay far below 2^53, up to which numbers are exact in a browser.
    fn serialize_i64(self, number: i64) -> Result<JsValue, Mismatch> {
        Ok(JsValue::from_f64(number as f64))
    }

    fn serialize_u32(self, number: u32) -> Result<JsValue, Mismatch> {
        Ok(JsValue::from_f64(f64::from(number)))
    }

    fn serialize_str(self, text: &str) -> Result<JsValue, Mismatch> {
        Ok(JsValue::from_str(text))
    }

    fn serialize_none(self) -> Result<JsValue, Mismatch> {
        Ok(JsValue::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<JsValue, Mismatch> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        word: &'static str,
    ) -> Result<JsValue, Mismatch> {
        Ok(JsValue::from_str(word))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Mismatch> {
        Ok(Items(Array::new()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Mismatch> {
        Ok(Fields(Object::new()))
    }

    never! {
        serialize_i8(i8) -> JsValue;
        serialize_i16(i16) -> JsValue;
        serialize_i32(i32) -> JsValue;
        serialize_u8(u8) -> JsValue;
        serialize_u16(u16) -> JsValue;
        serialize_u64(u64) -> JsValue;
        serialize_f32(f32) -> JsValue;
        serialize_f64(f64) -> JsValue;
        serialize_char(char) -> JsValue;
        serialize_bytes(&[u8]) -> JsValue;
        serialize_unit() -> JsValue;
        serialize_unit_struct(&'static str) -> JsValue;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<JsValue, Mismatch> {
        Err(Mismatch)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<JsValue, Mismatch> {
        Err(Mismatch)
    }
}

/// A list under construction.
pub(super) struct Items(Array);

impl SerializeSeq for Items {
    type Ok = JsValue;
    type Error = Mismatch;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Mismatch> {
        self.0.push(&value.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<JsValue, Mismatch> {
        Ok(self.0.into())
    }
}

/// An object under construction.
pub(super) struct Fields(Object);

impl SerializeStruct for Fields {
    type Ok = JsValue;
    type Error = Mismatch;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Mismatch> {
        let value = value.serialize(Writer)?;
        // Setting a property of a plain object cannot fail.
        Reflect::set(&self.0, &JsValue::from_str(name), &value).map_err(|_| Mismatch)?;
        Ok(())
    }

    fn end(self) -> Result<JsValue, Mismatch> {
        Ok(self.0.into())
    }
}
