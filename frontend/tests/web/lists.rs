//! Lists whose children come and go.

use frontend::ui::prelude::*;
use frontend::ui::{each, el, words};
use leptos::mount::mount_to;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Place, find, place, settle};

/// Keys that sort as text.
fn many(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("{n:03}")).collect()
}

/// A list with a button for each key.
fn list(place: &Place, keys: RwSignal<Vec<String>>) -> impl Drop {
    let parent = place.0.clone();
    mount_to(parent.clone(), move || {
        each(el("div"), keys.into(), |key| {
            Some(el("div").child(words("button", key).attr("id", &format!("key-{key}"))))
        })
        .mount(&parent);
    })
}

/// Lets effects run, but none of what they put off.
async fn no_timer() {
    for _ in 0..20 {
        js_sys::futures::JsFuture::from(js_sys::Promise::resolve(&wasm_bindgen::JsValue::NULL))
            .await
            .unwrap();
    }
}

fn focused() -> Option<String> {
    document().active_element().map(|element| element.id())
}

#[wasm_bindgen_test]
async fn a_list_keeps_elements_and_focus_while_others_come_and_go() {
    let place = place();
    let keys = RwSignal::new(vec!["b".to_owned(), "c".to_owned()]);
    let mounted = list(&place, keys);
    settle().await;
    let kept = find(&place, "#key-b").unwrap();
    kept.focus().unwrap();
    keys.set(["a", "b", "c", "d"].map(String::from).to_vec());
    settle().await;
    assert_eq!(place.text_content().as_deref(), Some("abcd"));
    assert_eq!(document().active_element().as_ref(), Some(kept.as_ref()));
    keys.set(["a", "d"].map(String::from).to_vec());
    settle().await;
    assert_eq!(place.text_content().as_deref(), Some("ad"));
    assert_eq!(focused().as_deref(), Some("key-d"));
    drop(mounted);
}

#[wasm_bindgen_test]
async fn children_move_from_group_to_group_with_the_focus() {
    let place = place();
    let keys = RwSignal::new(many(10, 60));
    let mounted = list(&place, keys);
    settle().await;
    let sizes = || {
        let groups = place.query_selector_all("[role=list] > *").unwrap();
        (0..groups.length()).map(|nth| groups.item(nth).unwrap().child_nodes().length()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(), [20, 20, 10]);
    // The last one of the first group: one more before it, and it is the first of the second.
    let kept = find(&place, "#key-029").unwrap();
    kept.focus().unwrap();
    keys.set(many(9, 60));
    settle().await;
    assert_eq!((sizes(), place.text_content()), (vec![20, 20, 11], Some(many(9, 60).concat())));
    assert_eq!(document().active_element().as_ref(), Some(kept.as_ref()));
    // Of what is gone the one in its place is the heir, or the last.
    keys.set([many(9, 29), many(30, 40)].concat());
    settle().await;
    assert_eq!((sizes(), focused().as_deref()), (vec![20, 10], Some("key-030")));
    keys.set(many(9, 12));
    settle().await;
    assert_eq!((sizes(), focused().as_deref()), (vec![3], Some("key-011")));
    keys.set(Vec::new());
    settle().await;
    assert!(sizes().is_empty());
    drop(mounted);
}

#[wasm_bindgen_test]
async fn another_listing_comes_in_slices_and_whole() {
    let place = place();
    let keys = RwSignal::new(many(0, 100));
    let mounted = list(&place, keys);
    settle().await;
    assert_eq!(place.text_content(), Some(many(0, 100).concat()), "the first one is there at once");
    // One of the old rows stays, in the middle of the new ones.
    let mut other = many(200, 300);
    other.insert(60, "007".into());
    keys.set(other.clone());
    no_timer().await;
    let soon = [many(200, 216), many(7, 8)].concat();
    assert_eq!(place.text_content(), Some(soon.concat()), "no more at once than a screen holds");
    for _ in 0..20 {
        settle().await;
    }
    assert_eq!(place.text_content(), Some(other.concat()));
    drop(mounted);
}
