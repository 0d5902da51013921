//! The lines of a diff as only a browser can tell: what is in the document, and what of it is text.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "these are tests, though not by #[test]")]

use frontend::components::diff::Lines;
use frontend::ui::prelude::*;
use shared::{DiffRow, RowKind};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Element;

wasm_bindgen_test_configure!(run_in_browser);

fn row(kind: RowKind, old: Option<i64>, new: Option<i64>, text: &str, marks: &[i64]) -> DiffRow {
    DiffRow { kind, old, new, text: text.into(), marks: marks.into() }
}

fn rows() -> Vec<DiffRow> {
    vec![
        row(RowKind::Hunk, None, None, "@@ -1,2 +1,2 @@", &[]),
        row(RowKind::Removed, Some(1), None, "let a = 1;", &[3, 1, 5, 0, 1, 20]),
        row(RowKind::Added, None, Some(1), "<img src=x onerror=alert(1)>", &[]),
        row(RowKind::Same, Some(2), Some(2), "done", &[]),
    ]
}

/// Draws into the document and hands the place to the test; it goes again afterwards.
fn drawn(rows: Vec<DiffRow>, split: bool, look: impl FnOnce(&Lines, &Element)) {
    let (lines, shown) = Lines::new("src/a.rs", rows, split);
    let place = shown.node().clone();
    shown.mount(&document().body().unwrap());
    lines.draw(800);
    look(&lines, &place);
    place.remove();
}

fn all(place: &Element, selector: &str) -> u32 {
    place.query_selector_all(selector).unwrap().length()
}

#[wasm_bindgen_test]
fn a_row_is_numbers_a_sign_and_text() {
    drawn(rows(), false, |_, place| {
        assert_eq!(all(place, ".ln"), 4);
        assert_eq!(all(place, "img"), 0, "text must not become elements");
        let removed = place.query_selector(".del").unwrap().unwrap();
        assert_eq!(removed.text_content().unwrap(), "−let a = 1;");
        let numbers = removed.query_selector(".no").unwrap().unwrap();
        assert_eq!(numbers.get_attribute("data-old").as_deref(), Some("1"));
        assert_eq!(numbers.get_attribute("data-new").as_deref(), Some(""));
        assert_eq!(removed.query_selector(".t1").unwrap().unwrap().text_content().unwrap(), "let");
        assert_eq!(removed.query_selector(".t4.d").unwrap().unwrap().text_content().unwrap(), "1");
        let pane = place.query_selector("[tabindex='0']").unwrap().unwrap();
        assert_eq!(pane.get_attribute("aria-label").as_deref(), Some("src/a.rs"));
    });
}

#[wasm_bindgen_test]
fn side_by_side_each_side_has_its_own_text() {
    drawn(rows(), true, |_, place| {
        assert_eq!(all(place, ".pane"), 2);
        let sides = place.query_selector_all(".pane").unwrap();
        let text = |at| sides.item(at).unwrap().text_content().unwrap();
        assert_eq!(text(0), "@@ -1,2 +1,2 @@−let a = 1; done");
        assert_eq!(text(1), "@@ -1,2 +1,2 @@+<img src=x onerror=alert(1)> done");
    });
}

#[wasm_bindgen_test]
fn of_many_rows_only_those_near_the_window_are_there() {
    let many = (1..=5_000).map(|n| row(RowKind::Added, None, Some(n), &n.to_string(), &[])).collect();
    drawn(many, false, |lines, place| {
        let shown = all(place, ".ln");
        assert!((30..400).contains(&shown), "{shown} rows");
        let first = place.query_selector(".ln").unwrap().unwrap();
        assert_eq!(first.text_content().unwrap(), "+1", "the first block comes first");
        lines.draw(0);
        assert_eq!(all(place, ".ln"), 0, "out of sight nothing is kept");
        assert_eq!(all(place, ".sheet"), 1, "but its room is");
    });
}
