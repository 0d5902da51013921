//! A check to draw, a place to draw it into, and time for it to settle.

use std::time::Duration;

use frontend::ui::prelude::*;
use shared::{CheckItem, CheckState, MergeRequestRef, ProjectRef, RuleRef};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

pub fn item(id: &str) -> CheckItem {
    CheckItem {
        id: id.into(),
        state: CheckState::Pending,
        sha: "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c".into(),
        received_at: "2026-01-31T09:30:00.000000Z".into(),
        updated_at: "2026-01-31T09:30:00.000000Z".into(),
        source_branch: "feature/login".into(),
        target_branch: "main".into(),
        project: ProjectRef { id: 1, path: "acme/shop".into(), web_url: String::new() },
        merge_request: MergeRequestRef {
            iid: 7,
            title: "<img src=x onerror=alert(1)> faster".into(),
            author: "Mona".into(),
            url: "javascript:alert(1)".into(),
            state: "opened".into(),
        },
        rule: RuleRef { id: 3, name: "Change approval".into() },
        decided_by: None,
        decided_at: None,
        verdict: None,
        delivery: None,
        reason: None,
        change: None,
    }
}

/// An empty element in the document to draw into; it goes with its test, or its dialog would stay on top.
pub struct Place(pub HtmlElement);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.remove();
    }
}

impl std::ops::Deref for Place {
    type Target = HtmlElement;

    fn deref(&self) -> &HtmlElement {
        &self.0
    }
}

pub fn place() -> Place {
    let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    Place(place)
}

pub fn find(place: &Element, selector: &str) -> Option<HtmlElement> {
    place.query_selector(selector).unwrap().map(JsCast::unchecked_into)
}

/// Lets effects and dialogs settle.
pub async fn settle() {
    let pause = js_sys::Promise::new(&mut |done, _| {
        set_timeout(
            move || {
                done.call0(&wasm_bindgen::JsValue::NULL).unwrap();
            },
            Duration::from_millis(20),
        );
    });
    js_sys::futures::JsFuture::from(pause).await.unwrap();
}
