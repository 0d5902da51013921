//! What the database holds, as of a moment: the same from every replica.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Fraction, Label};
use crate::domain::CheckState;

/// Numbers that the database was asked for. Ages are in seconds, 0 where there is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// Checks by state.
    pub checks: Vec<(CheckState, i64)>,
    /// Age of the oldest pending check.
    pub oldest_pending: f64,
    /// Checks that GitLab shows as passed though nobody here approved them, and nobody has looked into why.
    pub undecided_passes: i64,
    /// Calls to be processed.
    pub calls_waiting: i64,
    /// Age of the oldest of them.
    pub oldest_call: f64,
    /// Calls that a person has to look at.
    pub calls_set_aside: i64,
    /// Deliveries to be sent.
    pub deliveries_waiting: i64,
    /// Age of the oldest of them.
    pub oldest_delivery: f64,
    /// Deliveries that need a person.
    pub deliveries_failed: i64,
    /// Whether GitLab takes the token for wrong.
    pub connection_broken: bool,
    /// Rules that GitLab lets nobody answer.
    pub rules_broken: i64,
}

impl Stored {
    pub(super) fn register(&self, to: &mut Registry) {
        let checks = Family::<[Label; 1], Gauge>::default();
        for state in CheckState::ALL {
            let count = self.checks.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count);
            checks.get_or_create(&[("state", state.as_str())]).set(count);
        }
        to.register("checks", "Checks by state", checks);
        for (name, help, count) in [
            (
                "undecided_passes",
                "Checks that GitLab shows as passed though nobody here approved them, and nobody has looked into why",
                self.undecided_passes,
            ),
            ("calls_waiting", "Calls that are stored and not processed", self.calls_waiting),
            ("calls_set_aside", "Calls that a person has to look at", self.calls_set_aside),
            ("deliveries_waiting", "Deliveries that are to be sent", self.deliveries_waiting),
            ("deliveries_failed", "Deliveries that need a person", self.deliveries_failed),
            (
                "gitlab_connection_broken",
                "1 while GitLab takes the token for wrong",
                self.connection_broken.into(),
            ),
            ("rules_broken", "Rules that GitLab lets nobody answer", self.rules_broken),
        ] {
            let gauge = Gauge::<i64>::default();
            gauge.set(count);
            to.register(name, help, gauge);
        }
        for (name, help, age) in [
            ("checks_oldest_pending_age_seconds", "Age of the oldest pending check", self.oldest_pending),
            ("calls_oldest_waiting_age_seconds", "Age of the oldest call that waits", self.oldest_call),
            (
                "deliveries_oldest_waiting_age_seconds",
                "Age of the oldest delivery that waits",
                self.oldest_delivery,
            ),
        ] {
            let gauge = Fraction::default();
            gauge.set(age);
            to.register(name, help, gauge);
        }
    }
}
