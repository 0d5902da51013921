//! The browser interface of Approval App: a Leptos single-page application that trunk builds.
//!
//! `api` is the only door to the service; `model` holds the rules without a browser; `state` the
//! signals that pages share; `pages` ask and arrange; `components` draw with `ui`; `texts` has every word.

pub mod api;
pub mod app;
pub mod components;
pub mod model;
pub mod pages;
pub mod state;
pub mod texts;
pub mod ui;
