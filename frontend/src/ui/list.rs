//! Lists whose elements stay while their keys do.

use std::time::Duration;

use leptos::tachys::renderer::Rndr;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

use super::prelude::*;
use super::{El, el, watch};

/// Makes an element the list of one child for each key, in order. A child is made once and keeps the focus while
/// others come and go; it ends with its key. Where many are made or end at once, the last of them follow in between of
/// what a person does.
///
/// The children stand in groups, which a browser can pass over whole when they are far from its window: a thousand
/// rows, each looked at by itself, cost it 15 ms more for every key typed beside them.
#[must_use]
pub fn each(parent: El, keys: Signal<Vec<String>>, make: impl Fn(&str) -> Option<El> + 'static) -> El {
    // Groups must not stand in an `ol`.
    let parent = parent.attr("role", "list");
    fill(parent.node().clone(), keys, Box::new(make));
    parent
}

/// So many children stand in a group; the styles guess its height by that until it was on the screen.
const GROUP: usize = 20;

/// So many children end without a pause; a thousand take a quarter of a second.
const END_AT_ONCE: usize = 50;

/// So many are made without a pause once the list has some; more than fit on a screen. One takes a millisecond.
const MAKE_AT_ONCE: usize = 16;

/// Makes the child of a key.
type Make = Box<dyn Fn(&str) -> Option<El>>;

/// A child of the list; without an element if there was none to be made.
struct Shown {
    key: String,
    child: Option<El>,
    owner: Owner,
}

fn fill(parent: Element, keys: Signal<Vec<String>>, make: Make) {
    // Children belong to the list, not to the run of the effect that made them.
    let list = Owner::current().unwrap_or_default();
    let (mut shown, mut groups) = (Vec::<Shown>::new(), Vec::new());
    let rest = RwSignal::new(());
    watch(move || {
        rest.track();
        let keys = keys.get();
        // The first time all are made: whoever comes back looks for the place they left.
        let mut may_make = if shown.is_empty() { usize::MAX } else { MAKE_AT_ONCE };
        let active = document().active_element();
        let holds =
            |one: &Shown| one.child.as_ref().is_some_and(|child| child.node().contains(active.as_deref()));
        let held = shown.iter().position(holds);
        // First what goes, so that nothing that stays has to move.
        let (mut at, mut gone) = (0, Vec::new());
        shown.retain(|old| {
            let stays = find(&keys, at, &old.key);
            match (stays, &old.child) {
                (Some(place), _) => at = place + 1,
                (None, Some(child)) => child.node().remove(),
                (None, None) => {}
            }
            if stays.is_none() {
                gone.push(old.owner.clone());
            }
            stays.is_some()
        });
        let_go(gone);
        for (place, key) in keys.iter().enumerate() {
            // Before `place` everything is where it belongs.
            match shown.iter().skip(place).position(|old| old.key == *key) {
                Some(behind) => shown[place..=place + behind].rotate_right(1),
                None if may_make == 0 => {
                    set_timeout(move || rest.set(()), Duration::ZERO);
                    break;
                }
                None => {
                    may_make -= 1;
                    let owner = list.child();
                    let child = owner.with(|| untrack(|| make(key)));
                    let child = child.map(|child| child.attr("role", "listitem"));
                    shown.insert(place, Shown { key: key.clone(), child, owner });
                }
            }
        }
        arrange(&parent, &mut groups, &shown);
        if let Some(at) = held {
            hand_on(active, shown.get(at).or(shown.last()));
        }
    });
}

/// Puts the first [`GROUP`] children into the first group, and so on. What stands where it belongs is not touched.
fn arrange(parent: &Element, groups: &mut Vec<Element>, shown: &[Shown]) {
    for (nth, part) in shown.chunks(GROUP).enumerate() {
        if nth == groups.len() {
            let group = el("div").class("row-group").attr("role", "presentation");
            groups.push(group.node().clone());
            group.mount(parent);
        }
        let mut next: Option<Node> = groups[nth].first_child();
        for child in part.iter().filter_map(|shown| shown.child.as_ref()) {
            let node: &Node = child.node();
            if next.as_ref() == Some(node) {
                next = node.next_sibling();
            } else {
                Rndr::insert_node(&groups[nth], node, next.as_ref());
            }
        }
    }
    for spare in groups.drain(shown.len().div_ceil(GROUP)..) {
        spare.remove();
    }
}

/// Ends what belonged to children that are gone: some now, the rest in between of what a person does.
fn let_go(mut gone: Vec<Owner>) {
    let later = gone.split_off(gone.len().min(END_AT_ONCE));
    gone.iter().for_each(Owner::cleanup);
    if !later.is_empty() {
        set_timeout(move || let_go(later), Duration::ZERO);
    }
}

/// The place of a key, looked for at `at` first: lists mostly keep their order.
fn find(keys: &[String], at: usize, key: &String) -> Option<usize> {
    if keys.get(at) == Some(key) { Some(at) } else { keys.iter().position(|known| known == key) }
}

/// Gives the focus back to what held it and was moved, or on to the child that has its place now: a focus that falls
/// back to the document sends keyboard and screen reader users to the top of the page.
fn hand_on(held: Option<Element>, heir: Option<&Shown>) {
    if document().active_element() == held {
        return;
    }
    let heir = || heir?.child.as_ref()?.node().query_selector("a, button").ok()?;
    if let Some(to) = held.filter(|held| held.is_connected()).or_else(heir) {
        // An element that cannot take the focus leaves it where it is.
        drop(to.unchecked_ref::<HtmlElement>().focus());
    }
}
