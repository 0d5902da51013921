//! What only a browser can tell: rows and the dialog as drawn, and live changes on the screen.
//!
//! Runs headless through `wasm-bindgen-test-runner`; `webdriver.json` has the browser's flags.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "these are tests, though not by #[test]")]

use std::time::Duration;

use frontend::components::dialog::decision_dialog;
use frontend::components::form::Form;
use frontend::components::row::{RowActs, check_row};
use frontend::model::access::Who;
use frontend::model::decision::Target;
use frontend::model::people::Wrong;
use frontend::model::selection::{Pick, Selection};
use frontend::state::App;
use frontend::ui::prelude::*;
use frontend::ui::{each, el, words};
use leptos::mount::mount_to;
use shared::{
    ChangeSummary, CheckItem, CheckState, DeliveryState, DeliverySummary, MergeRequestRef, Permission,
    ProjectRef, Reason, ReasonKind, RuleRef, Session, Verdict,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, HtmlInputElement, MouseEvent, MouseEventInit};

wasm_bindgen_test_configure!(run_in_browser);

fn item(id: &str) -> CheckItem {
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
        },
        rule: RuleRef { id: 3, name: "Change approval".into() },
        decided_by: None,
        delivery: None,
        reason: None,
        change: None,
    }
}

fn session(permissions: &[Permission]) -> Session {
    Session {
        account_id: "a1".into(),
        name: "Rita".into(),
        email: "rita@example.com".into(),
        roles: Vec::new(),
        permissions: permissions.to_vec(),
        all_projects: true,
        has_password: true,
        expires_at: None,
        provider: None,
    }
}

/// Rows that can be selected and do nothing else.
fn acts() -> RowActs {
    let selection = RwSignal::new(Selection::default());
    RowActs {
        off: Signal::derive(|| None),
        decide: Callback::new(|_| {}),
        may_pick: Signal::derive(|| true),
        selection,
        pick: Callback::new(move |Pick { id, on, range }: Pick| {
            selection.update(|all| {
                all.turn(&id, on, range, &["1".to_owned(), "2".to_owned(), "3".to_owned()]);
            });
        }),
    }
}

/// An empty element in the document to draw into; it goes with its test, or its dialog would stay on top.
struct Place(HtmlElement);

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

fn place() -> Place {
    let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    Place(place)
}

fn find(place: &Element, selector: &str) -> Option<HtmlElement> {
    place.query_selector(selector).unwrap().map(JsCast::unchecked_into)
}

/// Lets effects and dialogs settle.
async fn settle() {
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

#[wasm_bindgen_test]
async fn a_row_shows_the_facts_as_text_and_offers_both_verdicts() {
    let place = place();
    let chosen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = chosen.clone();
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        provide_context(App::new());
        let decide = Callback::new(move |(item, verdict): (CheckItem, Verdict)| {
            seen.lock().unwrap().push((item.id, verdict));
        });
        check_row(RwSignal::new(item("1")), RowActs { decide, ..acts() }).mount(&parent);
    });
    settle().await;
    let row = find(&place, "[data-testid=check-row]").unwrap();
    assert_eq!(row.get_attribute("data-state").as_deref(), Some("pending"));
    assert!(find(&row, "img").is_none(), "payload text must not become elements");
    let text = row.text_content().unwrap();
    for part in
        ["Pending", "<img src=x", "acme/shop!7", "Change approval", "Mona", "feature/login", "9f8e7d6c"]
    {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let time = find(&row, "time").unwrap();
    assert!(time.get_attribute("title").unwrap().contains("UTC"));
    find(&row, "[data-testid=reject]").unwrap().click();
    assert_eq!(*chosen.lock().unwrap(), [("1".to_owned(), Verdict::Reject)]);
    drop(mounted);
}

#[wasm_bindgen_test]
async fn a_live_change_alters_the_row_in_place() {
    let place = place();
    let row = RwSignal::new(item("1"));
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        provide_context(App::new());
        check_row(row, acts()).mount(&parent);
    });
    settle().await;
    let drawn = find(&place, "[data-testid=check-row]").unwrap();
    let link = find(&drawn, ".row-title").unwrap();
    link.focus().unwrap();

    let mut decided = item("1");
    decided.state = CheckState::Approved;
    decided.updated_at = "2026-01-31T10:30:00.000000Z".into();
    decided.decided_by = Some("Ada".into());
    decided.delivery = Some(DeliverySummary {
        state: DeliveryState::Failed,
        attempts: 3,
        last_error: Some("401".into()),
        delivered_at: None,
    });
    row.set(decided);
    settle().await;

    assert!(drawn.is_connected() && link.is_connected(), "the row was drawn anew");
    assert_eq!(document().active_element().as_ref(), Some(link.as_ref()), "the focus was lost");
    assert_eq!(drawn.get_attribute("data-state").as_deref(), Some("approved"));
    let text = drawn.text_content().unwrap();
    assert!(text.contains("by Ada") && text.contains("GitLab was not told: 401"), "{text}");
    assert!(find(&drawn, "[data-testid=approve]").is_none());
    drop(mounted);
}

#[wasm_bindgen_test]
async fn a_row_says_why_it_is_here_and_how_the_change_stands() {
    let place = place();
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        provide_context(App::new());
        let again = CheckItem {
            reason: Some(Reason {
                kind: ReasonKind::NewCommits,
                sha: Some("a1b2c3d4e5f6".into()),
                verdict: Some(Verdict::Approve),
                reviewer: Some("Rita".into()),
                own: true,
            }),
            change: Some(ChangeSummary {
                pipeline: Some("success".into()),
                approvals_given: 1,
                approvals_required: 2,
                additions: 12,
                deletions: 3,
                files: 2,
            }),
            ..item("1")
        };
        check_row(RwSignal::new(again), acts()).mount(&parent);
    });
    settle().await;
    let says = |id: &str| find(&place, &format!("[data-testid={id}]")).unwrap().text_content().unwrap();
    assert_eq!(says("why"), "New commits since you approved a1b2c3d4");
    for part in ["passed", "1/2", "+12", "−3"] {
        assert!(says("signs").contains(part), "{part} is missing in {}", says("signs"));
    }
    drop(mounted);
}

#[wasm_bindgen_test]
async fn rows_are_selected_by_box_and_in_ranges_while_they_wait() {
    let place = place();
    let rows = ["1", "2", "3"].map(|id| RwSignal::new(item(id)));
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        provide_context(App::new());
        let acts = acts();
        for row in rows {
            check_row(row, acts).mount(&parent);
        }
    });
    settle().await;
    let picked = || place.query_selector_all("[data-picked]").unwrap().length();
    let boxes = place.query_selector_all("[data-testid=pick]").unwrap();
    let click = |at: u32, shift: bool| {
        let how = MouseEventInit::new();
        how.set_bubbles(true);
        how.set_shift_key(shift);
        let event = MouseEvent::new_with_mouse_event_init_dict("click", &how).unwrap();
        boxes.item(at).unwrap().dispatch_event(&event).unwrap();
    };
    click(0, false);
    settle().await;
    assert_eq!(picked(), 1);
    click(2, true);
    settle().await;
    assert_eq!(picked(), 3, "the range between them");
    click(1, false);
    settle().await;
    assert_eq!(picked(), 2);
    for row in rows {
        row.update(|row| row.state = CheckState::Approved);
    }
    settle().await;
    assert!(find(&place, "[data-testid=pick]").is_none(), "only what waits can be selected");
    drop(mounted);
}

#[wasm_bindgen_test]
async fn a_rejection_without_a_comment_is_not_sent() {
    let place = place();
    let target = Target::new(item("1"), Verdict::Reject).unwrap();
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        let app = App::new();
        provide_context(app);
        app.who.set(Who::Person(Box::new(session(&[Permission::ChecksRead, Permission::ChecksDecide]))));
        let decided = Callback::new(|_| panic!("nothing may be decided"));
        decision_dialog(app, target.clone(), decided).mount(&parent);
    });
    settle().await;
    let dialog = find(&place, "[data-testid=decision-dialog]").unwrap();
    assert!(dialog.has_attribute("open"), "the dialog must be shown");
    let text = dialog.text_content().unwrap();
    assert!(text.contains("“Change approval” becomes failed in GitLab for 9f8e7d6c"), "{text}");
    let submit = find(&dialog, "[data-testid=decision-submit]").unwrap();
    assert_eq!(submit.text_content().unwrap(), "Reject 9f8e7d6c");

    submit.click();
    settle().await;
    let error = find(&dialog, "[data-testid=decision-error]").unwrap();
    assert!(error.text_content().unwrap().contains("a comment is required"));
    let comment = find(&dialog, "[data-testid=decision-comment]").unwrap();
    assert_eq!(comment.get_attribute("aria-invalid").as_deref(), Some("true"));
    assert_eq!(document().active_element().as_ref(), Some(comment.as_ref()));
    drop(mounted);
}

#[wasm_bindgen_test]
async fn who_may_not_decide_sees_the_button_and_the_reason() {
    let place = place();
    let target = Target::new(item("1"), Verdict::Approve).unwrap();
    let parent = place.0.clone();
    let signals = std::sync::Arc::new(std::sync::Mutex::new(None));
    let kept = signals.clone();
    let mounted = mount_to(parent.clone(), move || {
        let app = App::new();
        provide_context(app);
        app.who.set(Who::Person(Box::new(session(&[Permission::ChecksRead]))));
        *kept.lock().unwrap() = Some((app.who, app.barred));
        decision_dialog(app, target.clone(), Callback::new(|_| {})).mount(&parent);
    });
    let (who, barred) = signals.lock().unwrap().unwrap();
    settle().await;
    let submit = find(&place, "[data-testid=decision-submit]").unwrap();
    let reason = || find(&place, "[data-testid=decision-off]").map(|found| found.text_content().unwrap());
    assert!(submit.has_attribute("disabled"));
    assert!(reason().unwrap().contains("takes the role Reviewer"), "{:?}", reason());

    let reviewer = session(&[Permission::ChecksRead, Permission::ChecksDecide]);
    who.set(Who::Person(Box::new(reviewer.clone())));
    settle().await;
    assert!(!submit.has_attribute("disabled"));
    assert_eq!(reason(), None);

    barred.set(Some("You wrote this merge request.".into()));
    settle().await;
    assert!(submit.has_attribute("disabled"));
    assert_eq!(reason().as_deref(), Some("You wrote this merge request."));

    barred.set(None);
    who.set(Who::Gone(Box::new(reviewer)));
    settle().await;
    assert!(submit.has_attribute("disabled"));
    assert!(find(&place, "[data-testid=sign-in-again]").is_some(), "there is a way on");
    drop(mounted);
}

#[wasm_bindgen_test]
async fn a_field_says_what_is_wrong_with_it_and_takes_the_focus() {
    let place = place();
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        let form = Form::new("test");
        let (password, input) = form.password("password", "Password", "Long.", "new-password");
        let send = move || {
            let wrong = Wrong { field: "password".into(), says: format!("{} is short", input.value()) };
            form.mend(wrong);
        };
        form.element(send).child(password).child(form.send_button("Send")).mount(&parent);
    });
    settle().await;
    let input: HtmlInputElement = find(&place, "#test-password").unwrap().unchecked_into();
    let label = find(&place, "label[for=test-password]").unwrap();
    assert_eq!(label.text_content().as_deref(), Some("Password"));
    input.set_value("abc");
    find(&place, "[data-testid=test-send]").unwrap().click();
    settle().await;
    assert_eq!(input.get_attribute("aria-invalid").as_deref(), Some("true"));
    let described = input.get_attribute("aria-describedby").unwrap();
    assert!(described.contains("test-password-wrong"), "{described}");
    assert_eq!(find(&place, "#test-password-wrong").unwrap().text_content().as_deref(), Some("abc is short"));
    assert_eq!(document().active_element().as_ref(), Some(input.as_ref()));

    let show = find(&place, "[data-testid=show-password]").unwrap();
    show.click();
    settle().await;
    assert_eq!((input.type_(), show.get_attribute("aria-pressed").as_deref()), ("text".into(), Some("true")));
    drop(mounted);
}

#[wasm_bindgen_test]
async fn a_list_keeps_elements_and_focus_while_others_come_and_go() {
    let place = place();
    let parent = place.0.clone();
    let keys = RwSignal::new(vec!["b".to_owned(), "c".to_owned()]);
    let mounted = mount_to(parent.clone(), move || {
        let list = each(el("ol"), keys.into(), |key| {
            Some(el("li").child(words("button", key).attr("id", &format!("key-{key}"))))
        });
        list.mount(&parent);
    });
    settle().await;
    let focused = find(&place, "#key-b").unwrap();
    focused.focus().unwrap();
    keys.set(["a", "b", "c", "d"].map(String::from).to_vec());
    settle().await;
    assert_eq!(place.text_content().as_deref(), Some("abcd"));
    assert_eq!(document().active_element().as_ref(), Some(focused.as_ref()));
    keys.set(["a", "d"].map(String::from).to_vec());
    settle().await;
    assert_eq!(place.text_content().as_deref(), Some("ad"));
    assert_eq!(document().active_element().map(|heir| heir.id()).as_deref(), Some("key-d"));
    drop(mounted);
}

#[wasm_bindgen_test]
async fn another_listing_comes_in_slices_and_whole() {
    let place = place();
    let parent = place.0.clone();
    let many = |from: usize, to: usize| (from..to).map(|n| format!("{n:03}")).collect::<Vec<_>>();
    let keys = RwSignal::new(many(0, 100));
    let mounted = mount_to(parent.clone(), move || {
        each(el("ol"), keys.into(), |key| Some(words("li", key))).mount(&parent);
    });
    settle().await;
    assert_eq!(place.text_content(), Some(many(0, 100).concat()), "the first one is there at once");
    // One of the old rows stays, in the middle of the new ones.
    let mut other = many(200, 300);
    other.insert(60, "007".into());
    keys.set(other.clone());
    settle().await;
    let soon = place.text_content().unwrap();
    assert!(soon.starts_with(&many(200, 216).concat()) && !soon.contains("006"), "{soon}");
    for _ in 0..20 {
        settle().await;
    }
    assert_eq!(place.text_content(), Some(other.concat()));
    drop(mounted);
}
