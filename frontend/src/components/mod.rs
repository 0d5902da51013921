//! Pieces of pages: data in, callbacks out; none of them fetches.

pub mod banner;
pub mod delivery;
pub mod dialog;
pub mod facts;
pub mod help;
pub mod icon;
pub mod message;
pub mod record;
pub mod row;
pub mod shell;
pub mod time;
pub mod toolbar;
