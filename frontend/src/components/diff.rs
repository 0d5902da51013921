//! The lines of a file. Only those near the window are in the document: the box has its full height from the
//! beginning, and blocks of rows come and go in it.

use std::cell::RefCell;

use shared::{DiffRow, RowKind};
use web_sys::{Element, HtmlElement};

use crate::model::diff::{BLOCK, DIFFERS, ROW, blocks, columns, pieces, room};
use crate::texts;
use crate::ui::{El, el, words};

/// Lines in one or two columns.
pub struct Lines {
    rows: Vec<DiffRow>,
    panes: Vec<Pane>,
}

/// One column: a box of its own, so that the text of one side can be selected and copied alone. Two of them scroll
/// sideways together.
struct Pane {
    side: Side,
    /// The row at each place.
    order: Vec<Option<usize>>,
    place: Element,
    blocks: RefCell<Vec<Option<Element>>>,
}

/// What a column shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Before,
    After,
}

impl Lines {
    /// The lines of the file with this path, and the element that shows them.
    #[must_use]
    pub fn new(path: &str, rows: Vec<DiffRow>, split: bool) -> (Self, El) {
        let panes = if split {
            let [before, after] = columns(&rows);
            vec![(Side::Before, before), (Side::After, after)]
        } else {
            vec![(Side::Both, (0..rows.len()).map(Some).collect())]
        };
        let shown = el("div").class(if split { "lines split" } else { "lines" }).test("lines");
        let wide = rows.iter().map(|row| room(&row.text)).max().unwrap_or_default();
        let mut frames = Vec::new();
        let panes = panes
            .into_iter()
            .map(|(side, order)| {
                let place = el("div").class("sheet");
                set(place.node(), "height", &format!("{}px", order.len() as i64 * ROW));
                set(place.node(), "min-width", &format!("{}ch", wide + 16));
                let name = match side {
                    Side::Both => path.to_owned(),
                    Side::Before => format!("{path}, {}", texts::BEFORE),
                    Side::After => format!("{path}, {}", texts::AFTER),
                };
                let blocks = RefCell::new(vec![None; order.len().div_ceil(BLOCK)]);
                let pane = Pane { side, order, place: place.node().clone(), blocks };
                // It has to be reached with the keys to be scrolled sideways.
                let frame = el("div").class("pane").attr("tabindex", "0").attr("role", "group");
                frames.push(frame.attr("aria-label", &name).child(place));
                pane
            })
            .collect();
        let all: Vec<Element> = frames.iter().map(|frame| frame.node().clone()).collect();
        for frame in frames {
            let (scrolled, all) = (frame.node().clone(), all.clone());
            // Where both have come to the same place there is no event any more.
            let together = move |_| all.iter().for_each(|one| one.set_scroll_left(scrolled.scroll_left()));
            frame.on("scroll", together).mount(shown.node());
        }
        (Self { rows, panes }, shown)
    }

    /// The rows, for showing them another way.
    #[must_use]
    pub fn into_rows(self) -> Vec<DiffRow> {
        self.rows
    }

    /// Makes the rows that have come near the window, and removes those that have left. `window` is its height in
    /// pixels; 0 removes all.
    pub fn draw(&self, window: i64) {
        for pane in &self.panes {
            let near = if window > 0 {
                blocks(pane.place.get_bounding_client_rect().top() as i64, window, pane.order.len())
            } else {
                0..0
            };
            let mut shown = pane.blocks.borrow_mut();
            // From the end, so that the block behind is known.
            let mut behind: Option<Element> = None;
            for at in (0..shown.len()).rev() {
                if !near.contains(&at) {
                    if let Some(old) = shown[at].take() {
                        old.remove();
                    }
                } else if shown[at].is_none() {
                    let block = self.block(pane, at);
                    drop(pane.place.insert_before(&block, behind.as_deref()));
                    shown[at] = Some(block);
                }
                if shown[at].is_some() {
                    behind.clone_from(&shown[at]);
                }
            }
        }
    }

    fn block(&self, pane: &Pane, at: usize) -> Element {
        let first = at * BLOCK;
        let last = pane.order.len().min(first + BLOCK);
        let rows = pane.order[first..last].iter().map(|at| match at {
            Some(at) => row(&self.rows[*at], pane.side),
            None => el("div").class("ln none"),
        });
        let block = el("div").class("block").children(rows.collect());
        set(block.node(), "top", &format!("{}px", first as i64 * ROW));
        block.node().clone()
    }
}

/// Sets a style property; a policy that forbids inline styles does not forbid this.
fn set(element: &Element, name: &str, value: &str) {
    use wasm_bindgen::JsCast;
    drop(element.unchecked_ref::<HtmlElement>().style().set_property(name, value));
}

fn row(row: &DiffRow, side: Side) -> El {
    let (class, sign) = match row.kind {
        RowKind::Hunk => return words("div", &row.text).class("ln hunk"),
        RowKind::Remark => return words("div", &row.text).class("ln remark"),
        RowKind::Same => ("ln", " "),
        RowKind::Added => ("ln add", "+"),
        RowKind::Removed => ("ln del", "−"),
    };
    // The numbers are drawn by the style sheet: what is no text is not copied.
    let mut numbers = el("span").class("no");
    for (name, shown, number) in
        [("data-old", side != Side::After, row.old), ("data-new", side != Side::Before, row.new)]
    {
        if shown {
            let number = number.map(|number| number.to_string()).unwrap_or_default();
            numbers = numbers.attr(name, &number);
        }
    }
    let line = el("div").class(class).child(numbers).child(words("span", sign).class("sign"));
    pieces(&row.text, &row.marks).into_iter().fold(line, |line, (piece, class)| match class {
        0 => line.text(piece),
        class => {
            let differs = if class & DIFFERS == 0 { "" } else { " d" };
            line.child(words("span", piece).class(&format!("t{}{differs}", class & (DIFFERS - 1))))
        }
    })
}
