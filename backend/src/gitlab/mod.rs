//! The only room that knows GitLab's wire format: the calls it sends, their signature, its API.

mod answer;
pub mod change;
pub mod client;
pub mod notes;
pub mod payload;
pub mod probe;
pub mod signature;

pub use client::{Client, ReadError};
pub use notes::NoteError;
pub use payload::{Call, CallFault};
