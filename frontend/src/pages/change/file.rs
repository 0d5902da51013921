//! One changed file: its head, and its lines as soon as they are near the window.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use shared::{ChangedFile, FileFold};
use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::files::counts;
use crate::components::button;
use crate::components::diff::Lines;
use crate::components::icon::{FORTH, icon};
use crate::components::message::fault_box;
use crate::model::change::keep;
use crate::model::diff::{ROW, WIDE};
use crate::model::text::encode;
use crate::state::change::{Files, Seen};
use crate::state::prefs;
use crate::texts;
use crate::ui::prelude::*;
use crate::ui::{El, el, words};

/// A file on the page.
pub(super) struct File {
    seen: Seen,
    files: Files,
    /// Its place among them.
    at: usize,
    /// How this browser remembers that the file was viewed.
    mark: String,
    section: El,
    toggle: El,
    body: El,
    open: Cell<bool>,
    near: Cell<bool>,
    /// Whether its lines may be asked for: they are not folded, or somebody wants them.
    wanted: Cell<bool>,
    asked: Cell<bool>,
    /// The lines, and whether they are shown side by side.
    lines: RefCell<Option<(Lines, bool)>>,
}

impl File {
    /// `viewed` has the marks of the files that were viewed, one a line.
    pub(super) fn new(seen: Seen, files: &Files, at: usize, viewed: &str) -> Rc<Self> {
        let file = &files.list()[at];
        let mark = [&seen.id.get_value(), " ", &files.change.sha, " ", &encode(&file.path)].concat();
        let viewed = viewed.lines().any(|line| line == mark);
        let wanted = Cell::new(file.fold.is_none() && file.rows > 0);
        let part = Rc::new(Self {
            seen,
            files: files.clone(),
            at,
            mark,
            section: el("section").class("file").test("file").attr("aria-label", &file.path),
            toggle: el("button").attr("type", "button").class("file-toggle"),
            body: el("div").class("file-body"),
            open: Cell::new(!viewed),
            near: Cell::new(false),
            wanted,
            asked: Cell::new(false),
            lines: RefCell::new(None),
        });
        part.build(viewed);
        part
    }

    fn build(self: &Rc<Self>, viewed: bool) {
        let file = self.file();
        let part = self.clone();
        let toggle = self.toggle.clone().child(icon(FORTH)).text(&texts::paths(file)).on_click(move || {
            part.unfold(!part.open.get());
        });
        let field = el("input").attr("type", "checkbox").label(texts::VIEWED, &file.path);
        let input: HtmlInputElement = field.as_kind();
        input.set_checked(viewed);
        let part = self.clone();
        let field = field.on("change", move |_| {
            let on = input.checked();
            prefs::set_viewed(&keep(&prefs::viewed(), &part.mark, on));
            part.unfold(!on);
        });
        let head = el("div")
            .class("file-head")
            .child(el("h3").child(toggle))
            .child(words("small", texts::file_kind(file.kind)).class("tag"))
            .child(counts(file.additions, file.deletions))
            .child(el("label").class("switch viewed").test("viewed").child(field).text(texts::VIEWED));
        let body = self.body.clone();
        match file.fold {
            Some(fold) => {
                let part = self.clone();
                let has_lines = matches!(fold, FileFold::Generated | FileFold::Large) && file.rows > 0;
                let show = has_lines.then(|| {
                    button(texts::SHOW_LINES, "btn", "show-lines")
                        .label(texts::SHOW_LINES, &file.path)
                        .on_click(move || {
                            part.wanted.set(true);
                            part.draw();
                        })
                });
                let why = el("p").class("file-says").child(words("span", texts::file_fold(fold))).child(show);
                self.fill(&why);
            }
            None if file.rows == 0 => self.fill(&words("p", texts::NO_LINES).class("file-says")),
            // Room for the lines, so that nothing moves when they come.
            None => set_height(&body, file.rows),
        }
        drop(self.section.clone().child(head).child(body));
        self.unfold(self.open.get());
    }

    pub(super) fn section(&self) -> El {
        self.section.clone()
    }

    pub(super) fn node(&self) -> &Element {
        self.section.node()
    }

    pub(super) fn file(&self) -> &ChangedFile {
        &self.files.list()[self.at]
    }

    /// Whether this is the file's element.
    pub(super) fn is(&self, element: &Element) -> bool {
        self.node() == element
    }

    /// The file has come near the window, or left it.
    pub(super) fn come(self: &Rc<Self>, near: bool) {
        self.near.set(near);
        self.draw();
    }

    /// Goes to the file from the list.
    pub(super) fn visit(self: &Rc<Self>) {
        self.node().scroll_into_view();
        // A button can take the focus.
        drop(self.toggle.as_kind::<HtmlElement>().focus());
    }

    fn unfold(self: &Rc<Self>, open: bool) {
        self.open.set(open);
        let open = if open { "true" } else { "false" };
        drop(self.section.clone().attr("data-open", open));
        drop(self.toggle.clone().attr("aria-expanded", open));
        self.draw();
    }

    /// Shows the rows that are near the window, and asks for them first if need be.
    pub(super) fn draw(self: &Rc<Self>) {
        // What was asked for, or seen to come near, on a page that has been left.
        if self.seen.id.try_get_value().is_none() {
            return;
        }
        let pixels = |number: Result<JsValue, JsValue>| {
            number.ok().and_then(|it| it.as_f64()).unwrap_or_default() as i64
        };
        let high = || pixels(window().inner_height());
        let wide = || pixels(window().inner_width());
        let here = self.near.get() && self.open.get();
        let shown = self.lines.borrow().as_ref().map(|(_, split)| *split);
        match shown {
            None if here && self.wanted.get() && !self.asked.replace(true) => self.ask(),
            None => {}
            Some(split) => {
                let wanted = self.seen.split.get_untracked() && wide() >= WIDE;
                if here && split != wanted {
                    let rows = self.lines.take().map(|(lines, _)| lines.into_rows()).unwrap_or_default();
                    let (lines, place) = Lines::new(&self.file().path, rows, wanted);
                    self.fill(&place);
                    self.lines.replace(Some((lines, wanted)));
                }
                if let Some((lines, _)) = &*self.lines.borrow() {
                    lines.draw(if here { high() } else { 0 });
                }
            }
        }
    }

    fn ask(self: &Rc<Self>) {
        let part = self.clone();
        let Some(id) = self.seen.id.try_get_value() else { return };
        self.seen.api.read_diff(&id, &self.file().path, self.files.since.is_some()).then(move |answer| {
            if part.seen.id.try_get_value().is_none() {
                return;
            }
            match answer {
                Ok(diff) => {
                    let (lines, place) = Lines::new(&part.file().path, diff.rows, false);
                    part.fill(&place);
                    part.lines.replace(Some((lines, false)));
                    part.draw();
                }
                Err(fault) => {
                    let again = part.clone();
                    part.asked.set(false);
                    part.wanted.set(false);
                    let retry = button(texts::RETRY, "btn", "lines-retry").on_click(move || {
                        again.wanted.set(true);
                        again.draw();
                    });
                    part.fill(&fault_box(texts::ERR_LINES, &fault, false, None).child(retry));
                }
            }
        });
    }

    /// Puts something into the body in place of what was there; the focus does not fall out of it.
    fn fill(&self, what: &El) {
        let body = self.body.node();
        let focused = document().active_element().is_some_and(|active| body.contains(Some(&active)));
        body.replace_children_with_node_1(what.node());
        set_height(&self.body, 0);
        if focused {
            drop(self.toggle.as_kind::<HtmlElement>().focus());
        }
    }
}

fn set_height(body: &El, rows: i64) {
    let high = if rows == 0 { String::new() } else { format!("{}px", rows * ROW) };
    drop(body.as_kind::<HtmlElement>().style().set_property("min-height", &high));
}
