//! Lists whose elements stay while their keys do.

use std::time::Duration;

use leptos::tachys::renderer::Rndr;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

use super::prelude::*;
use super::{El, watch};

/// Fills an element with one child for each key, in order. A child is made once, keeps its place in the
/// document (and with it the focus) while others come and go, and ends with its key. Where many are made or
/// end at once, the last of them follow in between of what a person does.
#[must_use]
pub fn each(parent: El, keys: Signal<Vec<String>>, make: impl Fn(&str) -> Option<El> + 'static) -> El {
    fill(parent.node().clone(), keys, Box::new(make));
    parent
}

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
    let mut shown: Vec<Shown> = Vec::new();
    let rest = RwSignal::new(());
    watch(move || {
        rest.track();
        let keys = keys.get();
        // The first time all are made: whoever comes back looks for the place they left.
        let mut may_make = if shown.is_empty() { usize::MAX } else { MAKE_AT_ONCE };
        // First what goes, so that nothing that stays has to move.
        let (mut at, mut gone) = (0, Vec::new());
        shown.retain(|old| {
            let stays = find(&keys, at, &old.key);
            match (stays, &old.child) {
                (Some(place), _) => at = place + 1,
                (None, Some(child)) => remove(child.node()),
                (None, None) => {}
            }
            if stays.is_none() {
                gone.push(old.owner.clone());
            }
            stays.is_some()
        });
        let_go(gone);
        let mut next: Option<Node> = parent.first_child();
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
                    shown.insert(place, Shown { key: key.clone(), child, owner });
                }
            }
            let Some(child) = &shown[place].child else { continue };
            let node: &Node = child.node();
            if next.as_ref() == Some(node) {
                next = node.next_sibling();
            } else {
                Rndr::insert_node(&parent, node, next.as_ref());
            }
        }
    });
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

/// Removes a child. If it held the focus, the child behind or before it gets it: a focus that falls back
/// to the document sends keyboard and screen reader users to the top of the page.
fn remove(child: &Element) {
    if !document().active_element().is_some_and(|active| child.contains(Some(&active))) {
        return child.remove();
    }
    let heir = child.next_element_sibling().or_else(|| child.previous_element_sibling());
    child.remove();
    let heir = heir.and_then(|heir| heir.query_selector("a, button").ok().flatten());
    if let Some(heir) = heir {
        // An element that cannot take the focus leaves it where it is.
        drop(heir.unchecked_ref::<HtmlElement>().focus());
    }
}
