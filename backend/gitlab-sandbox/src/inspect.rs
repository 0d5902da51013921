//! What tests look at: the world and the logs.

use crate::config::Fault;
use crate::log::{ApiRequest, RefusedRequest};
use crate::outgoing::SentCall;
use crate::sandbox::Sandbox;
use crate::sync::lock;
use crate::world::{MergeRequest, Missing, Note, Status, StatusResponse, World};

impl Sandbox {
    #[track_caller]
    fn look<T>(&self, look: impl FnOnce(&World) -> Result<T, Missing>) -> T {
        match self.inner.read(look) {
            Ok(found) => found,
            Err(missing) => panic!("{missing}"),
        }
    }

    /// HEAD of a merge request.
    pub fn head(&self, project: i64, iid: i64) -> String {
        self.look(|world| world.merge_request(project, iid).map(|one| one.head.clone()))
    }

    /// A merge request as it is now.
    pub fn merge_request(&self, project: i64, iid: i64) -> MergeRequest {
        self.look(|world| world.merge_request(project, iid).cloned())
    }

    /// What GitLab's API shows as `detailed_merge_status`.
    pub fn merge_status(&self, project: i64, iid: i64) -> String {
        self.look(|world| world.merge_status(project, iid).map(Into::into))
    }

    /// What GitLab shows for a rule at HEAD; `Pending` if there is no row.
    pub fn status(&self, project: i64, iid: i64, rule: i64) -> Status {
        self.look(|world| world.status(project, iid, rule))
    }

    /// Every row of answers ever written for a merge request, oldest first.
    pub fn responses(&self, project: i64, iid: i64) -> Vec<StatusResponse> {
        self.look(|world| world.merge_request(project, iid).map(|one| one.responses.clone()))
    }

    /// The comments on a merge request, oldest first.
    pub fn notes(&self, project: i64, iid: i64) -> Vec<Note> {
        self.look(|world| world.merge_request(project, iid).map(|one| one.notes.clone()))
    }

    /// The ids of all projects.
    pub fn projects(&self) -> Vec<i64> {
        self.inner.read(|world| world.projects.keys().copied().collect())
    }

    /// The ids and names of a project's rules.
    pub fn rules(&self, project: i64) -> Vec<(i64, String)> {
        let named = |world: &World| {
            Ok(world.project(project)?.rules.values().map(|rule| (rule.id, rule.name.clone())).collect())
        };
        self.look(named)
    }

    /// The iids of a project's merge requests.
    pub fn merge_requests(&self, project: i64) -> Vec<i64> {
        self.look(|world| Ok(world.project(project)?.merge_requests.keys().copied().collect()))
    }

    /// Requests to the API that were answered, but not with 2xx; the last 10,000.
    pub fn refused(&self) -> Vec<RefusedRequest> {
        lock(&self.inner.log).refused()
    }

    /// Requests to the API; the last 10,000.
    pub fn requests(&self) -> Vec<ApiRequest> {
        lock(&self.inner.log).requests()
    }

    /// How many requests to the API there were, cheaply.
    pub fn request_count(&self) -> u64 {
        lock(&self.inner.log).total()
    }

    /// Every attempt to call a rule; the last 10,000.
    pub fn calls(&self) -> Vec<SentCall> {
        self.inner.outgoing.log()
    }

    /// How many attempts to call a rule there were, cheaply.
    pub fn call_count(&self) -> u64 {
        self.inner.outgoing.total()
    }

    /// The fault in force.
    pub fn fault(&self) -> Option<Fault> {
        lock(&self.inner.faults).current()
    }
}
