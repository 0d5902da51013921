//! Foreign text with its form: descriptions and comments.

use crate::ui::{El, el};

/// An element with HTML from the service. This is the only place where HTML becomes elements, and only for what the
/// service has cleaned: `Change::description_html` and `DiscussionNote::html` have no scripts, styles, images, forms
/// or event handlers. Everything else that others wrote is shown as text.
#[must_use]
pub fn cleaned(html: &str) -> El {
    let place = el("div").class("prose");
    place.node().set_inner_html(html);
    place
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Every file below a folder that has one of the words by which HTML becomes elements.
    fn with_html(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                with_html(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                let words = ["inner_html", "outer_html", "insert_adjacent_html", "document.write"];
                if words.iter().any(|word| text.contains(word)) {
                    found.push(path.file_name().unwrap().to_string_lossy().into_owned());
                }
            }
        }
    }

    #[test]
    fn nothing_else_makes_elements_of_foreign_text() {
        let mut found = Vec::new();
        with_html(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert_eq!(found, ["html.rs"]);
    }
}
