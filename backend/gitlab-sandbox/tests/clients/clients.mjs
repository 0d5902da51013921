// Drives a GitLab sandbox with the unmodified client @gitbeaker/rest.
// Usage: node clients.mjs URL TOKEN. Prints a line per check and, at the end, "N passed, N failed".
// The client is looked up from the folder that NODE_MODULES names, since none is kept beside this file.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, token] = process.argv.slice(2);
const require = createRequire(`${process.env.NODE_MODULES ?? process.cwd()}/`);
const { Gitlab } = await import(pathToFileURL(require.resolve("@gitbeaker/rest")));
let passed = 0;
let failed = 0;

function check(name, holds, seen) {
  holds ? passed++ : failed++;
  console.log(`${holds ? "ok  " : "FAIL"} gitbeaker: ${name}${holds ? "" : ` (seen: ${JSON.stringify(seen)})`}`);
}

async function refused(name, code, act) {
  try {
    await act();
    check(name, false, "no refusal");
  } catch (error) {
    const status = error.cause?.response?.status;
    check(name, status === code, status ?? String(error));
  }
}

const api = new Gitlab({ host: url, token });
const path = "demo/payments";
const project = await api.Projects.show(path);
check("a project by its path", project.path_with_namespace === path, project);
check("the user", (await api.Users.showCurrentUser()).username === "approval-bot");

const checks = api.ExternalStatusChecks;
const rule = await checks.create(path, "From node", "http://127.0.0.1:9/node", { sharedSecret: "abc" });
check("create", rule.hmac === true && rule.name === "From node", rule);
const edited = await checks.edit(path, rule.id, { name: "Renamed by node" });
check("edit", edited.name === "Renamed by node", edited);
check("all, of the project", (await checks.all(path)).some((one) => one.id === rule.id));
await refused("a URL that is taken is refused", 422, () => checks.create(path, "Other", "http://127.0.0.1:9/node"));

const found = await api.MergeRequests.all({ projectId: path, state: "opened", targetBranch: "main" });
check("merge requests", found.length >= 1, found.length);
const paged = await api.MergeRequests.all({ projectId: path, perPage: 1 });
check("pages are followed", paged.length === (await api.MergeRequests.all({ projectId: path })).length && paged.length > 1);
const mr = await api.MergeRequests.show(path, found[0].iid);
check("a merge request in full", mr.sha.length === 40 && mr.detailed_merge_status !== undefined, mr.sha);
check("its diffs", (await api.MergeRequests.allDiffs(path, mr.iid)).length >= 1);
check("its commits", (await api.MergeRequests.allCommits(path, mr.iid))[0].id === mr.sha);

const answer = await checks.set(path, mr.iid, mr.sha, rule.id, { status: "passed" });
check("set", answer.external_status_check.id === rule.id, answer);
const statuses = await checks.all(path, { mergerequestIId: mr.iid });
check("all, of the merge request", statuses.find((one) => one.id === rule.id)?.status === "passed", statuses);
await refused("a stale sha is refused", 409, () => checks.set(path, mr.iid, "0".repeat(40), rule.id, { status: "passed" }));
await refused("a missing status is refused", 400, () => checks.set(path, mr.iid, mr.sha, rule.id));

const note = await api.MergeRequestNotes.create(path, mr.iid, "Written by gitbeaker");
const changed = await api.MergeRequestNotes.edit(path, mr.iid, note.id, { body: "Changed by gitbeaker" });
check("a note is changed in place", changed.id === note.id && changed.body === "Changed by gitbeaker", changed);
await checks.remove(path, rule.id);
check("remove", !(await checks.all(path)).some((one) => one.id === rule.id));
const stranger = new Gitlab({ host: url, token: "wrong" });
await refused("a wrong token is refused", 401, () => stranger.Projects.show(path));
const bearer = new Gitlab({ host: url, oauthToken: token });
check("a bearer token", (await bearer.Projects.show(project.id)).id === project.id);

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
