//! Reading without a way to fail, for large answers that are only shown.
//!
//! What serde derives can end at every field, and has to let go there of all fields before; here a missing or
//! strange value is an empty one. What decides anything is read by `from_text`.

use js_sys::{Array, JSON, Reflect};
use shared::{
    Approvals, Change, ChangeCommit, ChangeSince, ChangedFile, DiffRow, Discussion, DiscussionNote, FileDiff,
    FileFold, FileKind, Job, Pipeline, RowKind, Since, Verdict,
};
use wasm_bindgen::{JsCast, JsValue};

/// What can be read from any value.
pub trait Plain {
    /// Reads a value; what does not fit is empty.
    fn read(value: &JsValue) -> Self;
}

/// Reads JSON text; `None` if it is none, or no object.
pub fn from_text<T: Plain>(text: &str) -> Option<T> {
    JSON::parse(text).ok().filter(JsValue::is_object).map(|value| T::read(&value))
}

fn field<T: Plain>(object: &JsValue, name: &str) -> T {
    T::read(&get(object, name))
}

fn get(object: &JsValue, name: &str) -> JsValue {
    // What is no object has no fields.
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

impl Plain for String {
    fn read(value: &JsValue) -> Self {
        value.as_string().unwrap_or_default()
    }
}

impl Plain for i64 {
    fn read(value: &JsValue) -> Self {
        value.as_f64().unwrap_or_default() as i64
    }
}

impl Plain for bool {
    fn read(value: &JsValue) -> Self {
        value.as_bool().unwrap_or_default()
    }
}

impl<T: Plain> Plain for Option<T> {
    fn read(value: &JsValue) -> Self {
        (!value.is_null() && !value.is_undefined()).then(|| T::read(value))
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn read(value: &JsValue) -> Self {
        let mut all = Self::new();
        if let Some(list) = value.dyn_ref::<Array>() {
            // Iterators that collect would be made anew for every type.
            for at in 0..list.length() {
                all.push(T::read(&list.get(at)));
            }
        }
        all
    }
}

/// Structures: all of their fields, or they do not compile.
macro_rules! plain {
    ($($type:ident { $($field:ident)* })*) => {
        $(impl Plain for $type {
            #[inline(never)]
            fn read(value: &JsValue) -> Self {
                Self { $($field: field(value, stringify!($field)),)* }
            }
        })*
    };
}

/// Words; the last is also taken for those that a newer service may have.
macro_rules! words {
    ($($type:ident { $($word:literal $variant:ident)* else $rest:ident })*) => {
        $(impl Plain for $type {
            fn read(value: &JsValue) -> Self {
                match String::read(value).as_str() {
                    $($word => Self::$variant,)*
                    _ => Self::$rest,
                }
            }
        })*
    };
}

plain! {
    Change {
        sha read_at stale description_html labels commits commit_count files file_count pipeline approvals
        discussions open_discussions resolved_discussions since
    }
    ChangeCommit { sha title message author at }
    ChangedFile { path old_path kind additions deletions rows fold }
    Pipeline { status jobs }
    Job { name stage status allow_failure }
    Approvals { required by }
    Discussion { resolved path line notes }
    DiscussionNote { author at html }
    Since { sha verdict decided_at }
    ChangeSince { since rebased commits files }
    FileDiff { file rows }
    DiffRow { kind old new text marks }
}

words! {
    FileKind { "added" Added "renamed" Renamed "deleted" Deleted else Modified }
    FileFold { "generated" Generated "large" Large "binary" Binary else TooLarge }
    RowKind { "hunk" Hunk "same" Same "added" Added "removed" Removed else Remark }
    Verdict { "reject" Reject else Approve }
}
