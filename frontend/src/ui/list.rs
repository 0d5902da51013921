//! Lists whose elements stay while their keys do.

use std::collections::{HashMap, HashSet};

use leptos::tachys::renderer::Rndr;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

use super::prelude::*;
use super::{El, watch};

/// Fills an element with one child for each key, in order. A child is made once, keeps its place in the
/// document (and with it the focus) while others come and go, and ends with its key.
#[must_use]
pub fn each(parent: El, keys: Signal<Vec<String>>, make: impl Fn(&str) -> Option<El> + 'static) -> El {
    fill(parent.node().clone(), keys, Box::new(make));
    parent
}

/// Makes the child of a key.
type Make = Box<dyn Fn(&str) -> Option<El>>;

fn fill(parent: Element, keys: Signal<Vec<String>>, make: Make) {
    // Children belong to the list, not to the run of the effect that made them.
    let list = Owner::current().unwrap_or_default();
    let mut shown: HashMap<String, (El, Owner)> = HashMap::new();
    watch(move || {
        let keys = keys.get();
        let wanted: HashSet<&String> = keys.iter().collect();
        // First what goes, so that nothing that stays has to move.
        for (_, (child, owner)) in shown.extract_if(|key, _| !wanted.contains(key)) {
            remove(child.node());
            owner.cleanup();
        }
        let mut next: Option<Node> = parent.first_child();
        for key in &keys {
            if !shown.contains_key(key) {
                let owner = list.child();
                if let Some(child) = owner.with(|| untrack(|| make(key))) {
                    shown.insert(key.clone(), (child, owner));
                }
            }
            let Some((child, _)) = shown.get(key) else { continue };
            let node: &Node = child.node();
            if next.as_ref() == Some(node) {
                next = node.next_sibling();
            } else {
                Rndr::insert_node(&parent, node, next.as_ref());
            }
        }
    });
}

/// Removes a child. If it held the focus, the child behind or before it gets it: a focus that falls back
/// to the document sends keyboard and screen reader users to the top of the page.
fn remove(child: &Element) {
    let focused = document().active_element().is_some_and(|active| child.contains(Some(&active)));
    let heir = child.next_element_sibling().or_else(|| child.previous_element_sibling());
    child.remove();
    let heir = heir.filter(|_| focused).and_then(|heir| heir.query_selector("a, button").ok().flatten());
    if let Some(heir) = heir {
        // An element that cannot take the focus leaves it where it is.
        drop(heir.unchecked_ref::<HtmlElement>().focus());
    }
}
