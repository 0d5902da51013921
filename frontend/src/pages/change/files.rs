//! The changed files: a list of them, then each with its lines.

use std::rc::Rc;

use shared::{ChangedFile, Since};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::about::commits;
use super::file::File;
use crate::components::button;
use crate::components::message::fault_box;
use crate::model::change::total;
use crate::model::diff::{REACH, split_path};
use crate::state::change::{Files, Seen};
use crate::state::prefs;
use crate::texts;
use crate::ui::prelude::*;
use crate::ui::{El, el, watch, words};

/// The part of the page with the files.
pub(super) fn files(seen: Seen) -> El {
    el("div").child_fn(move || {
        seen.files.track();
        untrack(|| seen.files.get_untracked().map(|files| section(seen, &files)))
    })
}

fn section(seen: Seen, files: &Files) -> El {
    let viewed = prefs::viewed();
    let parts: Rc<Vec<Rc<File>>> =
        Rc::new((0..files.list().len()).map(|at| File::new(seen, files, at, &viewed)).collect());
    follow_window(seen, parts.clone());
    let (more, less) = total(files.list());
    let head = el("div")
        .class("files-head")
        .child(words("h2", texts::FILES).attr("id", "files-title"))
        .child(words("span", &texts::shown_of(parts.len(), files.count())).class("count").test("file-count"))
        .child(counts(more, less))
        .child(side_by_side(seen));
    let since = files.change.since.as_ref();
    let fault = move || seen.since_fault.get().map(|fault| fault_box(texts::ERR_SINCE, &fault, true, None));
    let between = files.since.as_ref().map(|since| {
        let rebased = since.rebased.then(|| words("p", texts::REBASED).class("fine").test("rebased"));
        let new = (!since.commits.is_empty()).then(|| commits(&since.commits, since.commits.len() as i64));
        el("div").class("since").child(rebased).child(new)
    });
    let list = parts.iter().map(entry).collect();
    let list = (parts.len() > 1).then(|| el("ul").class("tree").test("file-list").children(list));
    let none = parts.is_empty().then(|| words("p", texts::NO_FILES).class("fine"));
    el("section")
        .class("files")
        .test("files")
        .attr("aria-labelledby", "files-title")
        .child(head)
        .child(since.map(|since| switch(seen, since, files.since.is_some())))
        .child_fn(fault)
        .child(between)
        .child(list)
        .child(none)
        .children(parts.iter().map(|part| part.section()).collect())
}

/// Lines added and removed.
pub(super) fn counts(more: i64, less: i64) -> El {
    el("span")
        .class("tally")
        .child((more > 0).then(|| words("span", &texts::more(more)).class("good")))
        .child((less > 0).then(|| words("span", &texts::less(less)).class("bad")))
}

/// A file in the list: goes to its lines.
fn entry(part: &Rc<File>) -> El {
    let to = part.clone();
    let ChangedFile { kind, additions, deletions, path, .. } = part.file();
    let (folder, name) = split_path(path);
    let name = el("span").class("path").child(words("span", folder)).child(words("b", name));
    let link = el("button")
        .attr("type", "button")
        .child(words("small", texts::file_kind(*kind)))
        .child(name)
        .child(counts(*additions, *deletions))
        .on_click(move || to.visit());
    el("li").child(link)
}

/// All of the change, or what came after the reader's decision.
fn switch(seen: Seen, since: &Since, only: bool) -> El {
    let choice = |on_it: &str, testid: &str, on: bool| {
        button(on_it, "btn", testid).attr("aria-pressed", if on { "true" } else { "false" })
    };
    el("div")
        .class("segments")
        .child(choice(texts::ALL_CHANGES, "all-changes", !only).on_click(move || seen.show_all()))
        .child(choice(&texts::since(since), "since", only).on_click(move || seen.show_since()))
}

fn side_by_side(seen: Seen) -> El {
    button(texts::SIDE_BY_SIDE, "btn", "side-by-side")
        .attr_fn("aria-pressed", move || Some(seen.split.get().to_string()))
        .on_click(move || {
            let on = !seen.split.get_untracked();
            prefs::set_split(on);
            seen.split.set(on);
        })
}

/// Fills files that come near the window, and empties those that leave, until the calling component goes.
fn follow_window(seen: Seen, parts: Rc<Vec<Rc<File>>>) {
    let near = parts.clone();
    let noticed: Box<dyn FnMut(js_sys::Array)> = Box::new(move |entries| {
        for entry in entries.iter() {
            let entry: IntersectionObserverEntry = entry.unchecked_into();
            let target = entry.target();
            if let Some(part) = near.iter().find(|part| part.is(&target)) {
                part.come(entry.is_intersecting());
            }
        }
    });
    // The browser drops the closure together with the observer, and that with the last file it looks at.
    let noticed = Closure::wrap(noticed).into_js_value();
    let settings = IntersectionObserverInit::new();
    settings.set_root_margin(&format!("{REACH}px"));
    if let Ok(observer) = IntersectionObserver::new_with_options(noticed.unchecked_ref(), &settings) {
        for part in parts.iter() {
            observer.observe(part.node());
        }
    }
    let drawing = StoredValue::new(false);
    let parts = StoredValue::new(parts);
    let draw = move || {
        drawing.set_value(false);
        if let Some(parts) = parts.try_get_value() {
            parts.iter().for_each(|part| part.draw());
        }
    };
    watch(move || {
        seen.split.track();
        draw();
    });
    for event in ["scroll", "resize"] {
        let handle = window_event_listener_untyped(event, move |_| {
            if drawing.try_update_value(|drawing| !std::mem::replace(drawing, true)) == Some(true) {
                request_animation_frame(draw);
            }
        });
        on_cleanup(move || handle.remove());
    }
}
