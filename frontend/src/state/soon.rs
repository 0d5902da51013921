//! What comes together is answered together, a little later.

use std::time::Duration;

use crate::ui::prelude::*;

/// Gathers. Copies are handles to the same one.
#[derive(Clone, Copy)]
pub struct Soon(StoredValue<bool>);

impl Default for Soon {
    fn default() -> Self {
        Self(StoredValue::new(false))
    }
}

impl Soon {
    /// Runs `then` after a pause, unless it waits already or the owner has gone by then.
    pub fn run(self, pause: Duration, then: impl FnOnce() + 'static) {
        self.run_boxed(pause, Box::new(then));
    }

    fn run_boxed(self, pause: Duration, then: Box<dyn FnOnce()>) {
        if self.0.try_update_value(|waits| std::mem::replace(waits, true)) != Some(false) {
            return;
        }
        set_timeout(
            move || {
                if self.0.try_update_value(|waits| *waits = false).is_some() {
                    then();
                }
            },
            pause,
        );
    }
}
