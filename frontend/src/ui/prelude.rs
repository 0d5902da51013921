//! What nearly every page and component needs of signals, and of Leptos itself.

pub use leptos::prelude::{
    Owner, document, location, on_cleanup, provide_context, queue_microtask, request_animation_frame,
    set_interval, set_timeout, untrack, use_context, window, window_event_listener_untyped,
};

pub use super::signal::{Callback, Memo, RwSignal, Signal, StoredValue};
