//! Elements on Leptos's renderer and signals, without templates.
//!
//! The `view!` macro makes a new type of every template, and with it new code for building, rebuilding,
//! mounting and erasing: the first four pages weighed 253 KB (brotli) with it and less than two thirds of
//! that without, and the budget for the whole application is 180 KB. Here an element is a value and a
//! closure is boxed, so a page adds only what it says. Everything that changes is an effect of Leptos's
//! own reactive graph and ends with its owner, as in a template.
//!
//! Words always become text nodes. HTML that the service has cleaned has a place of its own, `components::html`.

mod focus;
mod list;
pub mod prelude;
mod signal;

pub use list::each;

use leptos::prelude::*;
use leptos::tachys::renderer::Rndr;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, Node};

/// Marks a button that is switched off.
const OFF: &str = "aria-disabled";

/// An element under construction. Methods add to it and give it back.
#[derive(Clone, Debug)]
pub struct El(Element);

/// An HTML element.
#[must_use]
pub fn el(tag: &str) -> El {
    El(Rndr::create_element(tag, None))
}

/// An SVG element.
#[must_use]
pub fn svg(tag: &str) -> El {
    El(Rndr::create_element(tag, Some("http://www.w3.org/2000/svg")))
}

/// An element with words in it.
#[must_use]
pub fn words(tag: &str, words: &str) -> El {
    el(tag).text(words)
}

/// A text in which characters that turn what follows round can be seen, `[U+202E]`: titles, branches and comments are other
/// people's, and must not read as something else than they are.
fn visible(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for letter in words.chars() {
        if matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.push_str(&format!("[U+{:X}]", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
}

/// Runs now and again whenever a signal it reads changes, until its owner goes.
pub fn watch(run: impl FnMut() + 'static) {
    watch_boxed(Box::new(run));
}

fn watch_boxed(mut run: Box<dyn FnMut()>) {
    // The owner keeps the effect, and drops it when it goes.
    StoredValue::new_local(RenderEffect::new(move |_| run()));
}

impl El {
    /// The element itself.
    #[must_use]
    pub fn node(&self) -> &Element {
        &self.0
    }

    /// The element as its own kind, for its properties and methods.
    #[must_use]
    pub fn as_kind<T: JsCast + Clone>(&self) -> T {
        self.0.unchecked_ref::<T>().clone()
    }

    /// Sets an attribute.
    #[must_use]
    pub fn attr(self, name: &str, value: &str) -> Self {
        Rndr::set_attribute(&self.0, name, value);
        self
    }

    /// Sets the name that assistive technology reads: what it does, and to which of several alike.
    #[must_use]
    pub fn label(self, does: &str, to: &str) -> Self {
        self.attr("aria-label", &[does, ": ", to].concat())
    }

    /// Sets the class.
    #[must_use]
    pub fn class(self, names: &str) -> Self {
        self.attr("class", names)
    }

    /// Sets the name by which end-to-end tests find the element.
    #[must_use]
    pub fn test(self, id: &str) -> Self {
        self.attr("data-testid", id)
    }

    /// Sets an attribute that follows signals; `None` takes it away.
    #[must_use]
    pub fn attr_fn(self, name: &'static str, value: impl Fn() -> Option<String> + 'static) -> Self {
        self.attr_boxed(name, Box::new(value))
    }

    fn attr_boxed(self, name: &'static str, value: Box<dyn Fn() -> Option<String>>) -> Self {
        let node = self.0.clone();
        watch_boxed(Box::new(move || match value() {
            Some(value) if node.get_attribute(name).as_ref() != Some(&value) => {
                Rndr::set_attribute(&node, name, &value);
            }
            Some(_) => {}
            None => Rndr::remove_attribute(&node, name),
        }));
        self
    }

    /// Sets an attribute without a value while something holds.
    #[must_use]
    pub fn flag_fn(self, name: &'static str, holds: impl Fn() -> bool + 'static) -> Self {
        self.flag_boxed(name, "", Box::new(holds))
    }

    fn flag_boxed(self, name: &'static str, value: &'static str, holds: Box<dyn Fn() -> bool>) -> Self {
        self.attr_fn(name, move || holds().then(|| value.to_owned()))
    }

    /// Adds words as text.
    #[must_use]
    pub fn text(self, words: &str) -> Self {
        if !words.is_empty() {
            self.append(&Rndr::create_text_node(&visible(words)));
        }
        self
    }

    /// Adds words that follow signals.
    #[must_use]
    pub fn text_fn(self, words: impl Fn() -> String + 'static) -> Self {
        self.text_boxed(Box::new(words))
    }

    fn text_boxed(self, words: Box<dyn Fn() -> String>) -> Self {
        let text = Rndr::create_text_node("");
        self.append(&text);
        watch_boxed(Box::new(move || {
            let words = visible(&words());
            if text.data() != words {
                text.set_data(&words);
            }
        }));
        self
    }

    /// Adds an element, or nothing.
    #[must_use]
    pub fn child(self, child: impl Into<Option<El>>) -> Self {
        if let Some(child) = child.into() {
            self.append(&child.0);
        }
        self
    }

    /// Adds elements in order.
    #[must_use]
    pub fn children(self, children: Vec<El>) -> Self {
        for child in children {
            self.append(&child.0);
        }
        self
    }

    /// Adds a place whose element, or none, follows signals. Each change makes it anew: let the closure
    /// read memos of what matters and let the element follow the rest.
    #[must_use]
    pub fn child_fn<C: Into<Option<El>>>(self, child: impl Fn() -> C + 'static) -> Self {
        self.child_boxed(Box::new(move || child().into()))
    }

    fn child_boxed(self, child: Box<dyn Fn() -> Option<El>>) -> Self {
        let place = Rndr::create_placeholder();
        self.append(&place);
        let mut shown: Option<El> = None;
        watch_boxed(Box::new(move || {
            let next = child();
            let mut held = None;
            if let Some(old) = shown.take() {
                held = focus::held(&old.0);
                old.0.remove();
            }
            if let (Some(next), Some(parent)) = (&next, place.parent_element()) {
                Rndr::insert_node(&parent, &next.0, Some(&place));
            }
            shown = next;
            if let Some(held) = held {
                focus::hand_on(&held, shown.as_ref().map(El::node), &place);
            }
        }));
        self
    }

    /// Listens to an event.
    #[must_use]
    pub fn on(self, event: &str, heard: impl FnMut(Event) + 'static) -> Self {
        self.on_boxed(event, Box::new(heard))
    }

    fn on_boxed(self, event: &str, heard: Box<dyn FnMut(Event)>) -> Self {
        // The browser drops the closure together with the element.
        let heard = Closure::wrap(heard).into_js_value();
        // Only a listener that is no function could be refused.
        drop(self.0.add_event_listener_with_callback(event, heard.unchecked_ref()));
        self
    }

    /// Listens to clicks, unless the element is switched off: see [`El::off_fn`].
    #[must_use]
    pub fn on_click(self, heard: impl FnMut() + 'static) -> Self {
        self.on_click_boxed(Box::new(heard))
    }

    fn on_click_boxed(self, mut heard: Box<dyn FnMut()>) -> Self {
        self.on("click", move |event| {
            let on = event.current_target();
            if on.is_some_and(|on| !on.unchecked_ref::<Element>().has_attribute(OFF)) {
                heard();
            }
        })
    }

    /// Switches a button off while something holds. It keeps the focus and its words: one that the browser disables
    /// loses the focus, and says to nobody why it is off. A form looks for itself whether it may be sent.
    #[must_use]
    pub fn off_fn(self, holds: impl Fn() -> bool + 'static) -> Self {
        self.flag_boxed(OFF, "true", Box::new(holds))
    }

    /// Puts the element at the end of another one.
    pub fn mount(self, parent: &Element) {
        Rndr::insert_node(parent, &self.0, None);
    }

    fn append(&self, child: &Node) {
        Rndr::insert_node(&self.0, child, None);
    }
}
