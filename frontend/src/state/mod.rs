//! What the pages share: signals in one context, live updates, settings, keys and focus.

mod app;
pub mod change;
pub mod check;
pub mod dom;
pub mod drafts;
pub mod inbox;
pub mod keys;
pub mod live;
pub mod nav;
mod picking;
pub mod prefs;
mod session;
mod soon;
pub mod time;

pub use app::{App, Dialog};
pub use soon::Soon;
