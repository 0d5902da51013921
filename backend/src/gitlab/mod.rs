//! The only room that knows GitLab's wire format: the calls it sends, their signature, its API.

pub mod client;
pub mod payload;
pub mod probe;
pub mod signature;

pub use client::{Client, ReadError};
pub use payload::{Call, CallFault};
