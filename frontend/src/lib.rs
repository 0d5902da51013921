//! The browser interface of Approval App: a Leptos single-page application that trunk builds.
//!
//! `api` is the only door to the service; `model` holds the rules without a browser; `state` the
//! signals that pages share; `pages` ask and arrange; `components` draw; `texts` has every word.

// Views are nested generic types; some of them are deep.
#![recursion_limit = "256"]

pub mod api;
pub mod app;
pub mod components;
pub mod model;
pub mod pages;
pub mod state;
pub mod texts;
