//! Rows of the inbox.

use frontend::components::row::{RowActs, check_row};
use frontend::model::selection::{Pick, Selection};
use frontend::state::App;
use frontend::ui::prelude::*;
use leptos::mount::mount_to;
use shared::{
    ChangeSummary, CheckItem, CheckState, DeliveryState, DeliverySummary, Reason, ReasonKind, Verdict,
};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MouseEvent, MouseEventInit};

use crate::support::{find, item, place, settle};

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
    // A new title is no new decision.
    decided.updated_at = "2026-01-31T10:30:00.000000Z".into();
    decided.decided_by = Some("Ada".into());
    decided.decided_at = Some("2026-01-31T10:00:00.000000Z".into());
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
    let when = find(&drawn, ".row-when time").unwrap().get_attribute("datetime");
    assert_eq!(when.as_deref(), Some("2026-01-31T10:00:00.000000Z"));
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
    let pipeline = find(&place, ".fact").unwrap();
    assert_eq!(pipeline.get_attribute("title").as_deref(), Some("Pipeline passed"));
    let whole = find(&place, ".row-title").unwrap().get_attribute("title").unwrap();
    assert_eq!(whole, "acme/shop!7 · Change approval · Mona");
    drop(mounted);
}

#[wasm_bindgen_test]
async fn after_the_merge_a_row_says_what_was_decided() {
    let place = place();
    let mut merged = item("1");
    merged.state = CheckState::Withdrawn;
    merged.merge_request.state = "merged".into();
    merged.verdict = Some(Verdict::Approve);
    merged.decided_by = Some("Ada".into());
    merged.decided_at = Some("2026-01-31T10:00:00.000000Z".into());
    merged.change = Some(ChangeSummary {
        pipeline: Some("success".into()),
        approvals_given: 0,
        approvals_required: 0,
        additions: 1,
        deletions: 1,
        files: 1,
    });
    let row = RwSignal::new(merged);
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        provide_context(App::new());
        check_row(row, acts()).mount(&parent);
    });
    settle().await;
    let says = |selector: &str| find(&place, selector).unwrap().text_content().unwrap();
    assert_eq!(says(".state"), "Approved");
    assert!(says("[data-testid=signs]").starts_with("merged"), "{}", says("[data-testid=signs]"));
    assert!(says(".row-when").contains("by Ada"));
    let when = find(&place, ".row-when time").unwrap().get_attribute("datetime");
    assert_eq!(when.as_deref(), Some("2026-01-31T10:00:00.000000Z"));
    // The word of the pipeline is not shown where it could be taken for the decision's.
    let words = find(&place, "[title='Pipeline passed'] > span:not(.sr-only)");
    assert!(words.is_none());

    row.update(|row| row.verdict = None);
    settle().await;
    assert_eq!(says(".state"), "Withdrawn");
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
