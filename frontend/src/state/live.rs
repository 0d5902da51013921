//! The live stream: one `EventSource` for the whole page.

use std::time::Duration;

use crate::ui::prelude::*;
use shared::Event;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::App;
use crate::api::{self, json::from_text};
use crate::model::live::moves_counts;

/// How long an interruption lasts before it is shown: a server's restart passes unseen.
const GRACE: Duration = Duration::from_secs(2);
/// How long to wait before a stream the browser gave up is opened anew.
const REOPEN: Duration = Duration::from_secs(5);

/// How the live stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Not yet open.
    Connecting,
    /// Open.
    Open,
    /// Lost a moment ago; not worth a word yet.
    Wavering,
    /// Lost.
    Lost,
}

/// Opens the stream and keeps it open while somebody is signed in.
pub fn connect(app: App) {
    let here = app.who.with_untracked(|who| who.session().is_some());
    if !here || app.stream.with_value(Option::is_some) {
        return;
    }
    let Ok(source) = EventSource::new(api::EVENTS) else {
        return reopen(app);
    };
    app.stream.set_value(Some(source.clone()));

    on(&source, "open", move |_| {
        let again = app.line.get_untracked() != Line::Connecting;
        app.line.set(Line::Open);
        app.api.answered_at.set(js_sys::Date::now());
        app.api.reachable.set(true);
        // A stream may begin with new events only: read once more what was loaded before it opened.
        app.resync.update(|n| *n += 1);
        if again {
            catch_up(app);
        }
    });
    on(&source, "event", move |event| hear(app, &event));
    on(&source, "reset", move |_| {
        app.resync.update(|n| *n += 1);
        catch_up(app);
    });
    on(&source, "error", move |event| {
        let Some(stream) = event.target().map(JsCast::unchecked_into::<EventSource>) else { return };
        // Closed by us: that is no loss.
        if !app.stream.with_value(|now| now.as_ref() == Some(&stream)) {
            return;
        }
        if app.line.get_untracked() != Line::Lost {
            app.line.set(Line::Wavering);
            set_timeout(
                move || {
                    if app.line.get_untracked() == Line::Wavering {
                        app.line.set(Line::Lost);
                        // Whether a decision could still be sent shows in the next answer: ask for one.
                        app.read_system();
                    }
                },
                GRACE,
            );
        }
        // The browser resumes after a broken connection but not after an answer like 502, or 401 when the
        // session has ended; which of them it was it does not tell.
        if stream.ready_state() == EventSource::CLOSED {
            app.stream.set_value(None);
            app.read_session();
            reopen(app);
        }
    });
}

/// What stands around the pages may have changed unheard: how much waits, and what the person may do.
fn catch_up(app: App) {
    app.count_soon();
    app.read_session();
}

/// Closes the stream.
pub fn disconnect(app: App) {
    if let Some(source) = app.stream.try_update_value(Option::take).flatten() {
        source.close();
    }
    app.line.set(Line::Connecting);
}

fn reopen(app: App) {
    set_timeout(move || connect(app), REOPEN);
}

fn hear(app: App, message: &web_sys::Event) {
    let data = message.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
    let Some(data) = data else { return };
    app.api.answered_at.set(js_sys::Date::now());
    match from_text::<Event>(&data) {
        Some(event) => {
            if moves_counts(event.kind) {
                app.count_soon();
            }
            app.inbox.hear(&event);
            app.tell(&event);
        }
        // An event of a newer version: read everything again rather than miss what it says.
        None => app.resync.update(|n| *n += 1),
    }
}

/// Listens for as long as the source lives.
fn on(source: &EventSource, name: &str, run: impl Fn(web_sys::Event) + 'static) {
    // The browser drops the closure together with the source.
    let closure = Closure::<dyn Fn(web_sys::Event)>::new(run).into_js_value();
    // Only a listener that is no function could be refused.
    drop(source.add_event_listener_with_callback(name, closure.unchecked_ref()));
}
