//! The operations on many checks at once, on saved listings, on rules, and the examination of the way to GitLab.

use gloo_net::http::Method;
use shared::{BulkDecision, BulkResult, DoctorReport, RuleChange, RuleItem, RuleList, SavedFilters};

use super::{Api, Asked};
use crate::model::text::encode;

impl Api {
    /// Records one decision for several checks.
    pub fn decide_all(self, decision: &BulkDecision) -> Asked<BulkResult> {
        self.ask(Method::POST, "checks/decisions".into(), decision)
    }

    /// The listings that the person keeps.
    pub fn read_filters(self) -> Asked<SavedFilters> {
        self.get("account/filters".into())
    }

    /// Keeps these listings and no others.
    pub fn save_filters(self, filters: &SavedFilters) -> Asked<SavedFilters> {
        self.ask(Method::PUT, "account/filters".into(), filters)
    }

    /// All rules within reach.
    pub fn list_rules(self) -> Asked<RuleList> {
        self.get("rules".into())
    }

    /// Looks at everything between the service and GitLab; takes seconds.
    pub fn examine(self) -> Asked<DoctorReport> {
        self.get("system/doctor".into())
    }

    /// Changes a rule.
    pub fn change_rule(self, id: &str, change: &RuleChange) -> Asked<RuleItem> {
        self.ask(Method::PUT, format!("rules/{}", encode(id)), change)
    }
}
