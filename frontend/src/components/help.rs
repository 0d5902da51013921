//! The list of keys, and the switch that turns single keys off.

use leptos::html;
use leptos::prelude::*;

use super::icon::{CROSS, icon};
use crate::state::{App, Dialog, prefs};
use crate::texts;

const KEYS: [(&[&str], &str); 9] = [
    (&["j", "k"], texts::HELP_MOVE),
    (&["Enter"], texts::HELP_OPEN),
    (&["a", "r"], texts::HELP_DECIDE),
    (&["Ctrl+Enter"], texts::HELP_SEND),
    (&["/"], texts::HELP_SEARCH),
    (&["[", "]"], texts::HELP_NEIGHBOUR),
    (&["g i"], texts::HELP_GO),
    (&["Esc"], texts::HELP_BACK),
    (&["?"], texts::HELP_HELP),
];

/// The help dialog.
#[must_use]
pub fn help(app: App) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    super::dialog::show_modal(dialog);
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let switch = move |ev: leptos::ev::Event| {
        let on = event_target_checked(&ev);
        prefs::set_keys(on);
        app.keys.set(on);
    };
    let rows = KEYS.map(|(keys, what)| {
        let keys: Vec<_> = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect();
        view! { <div><dt>{what}</dt><dd>{keys}</dd></div> }
    });
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            data-testid="help-dialog"
            aria-labelledby="help-title"
            on:close=move |_| app.dialog.set(Dialog::Closed)
        >
            <div class="dialog-head">
                <h2 id="help-title">{texts::KEYS_HELP}</h2>
                <button type="button" class="tool" aria-label=texts::CLOSE on:click=close>{icon(CROSS)}</button>
            </div>
            <dl class="keys">{rows}</dl>
            <label class="switch">
                <input
                    type="checkbox"
                    data-testid="keys-switch"
                    prop:checked=move || app.keys.get()
                    on:change=switch
                />
                {texts::HELP_SWITCH}
            </label>
        </dialog>
    }
    .into_any()
}
