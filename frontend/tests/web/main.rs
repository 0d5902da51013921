//! What only a browser can tell: rows, dialogs and lists as drawn, and live changes on the screen.
//!
//! Runs headless through `wasm-bindgen-test-runner`; `webdriver.json` has the browser's flags.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "these are tests, though not by #[test]")]

mod dialogs;
mod lists;
mod rows;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
