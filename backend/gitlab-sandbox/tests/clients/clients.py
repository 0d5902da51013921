"""Drives a GitLab sandbox with the unmodified client python-gitlab.

Usage: clients.py URL TOKEN. Prints a line per check and, at the end, "N passed, N failed".
"""

import sys

import gitlab

FAULTS = []
PASSED = []


def check(name, holds, seen=None):
    """Notes whether something holds."""
    (PASSED if holds else FAULTS).append(name)
    print(f"{'ok  ' if holds else 'FAIL'} python-gitlab: {name}" + ("" if holds else f" (seen: {seen!r})"))


def refused(name, code, act):
    """Notes whether an act is refused with this code."""
    try:
        act()
    except gitlab.GitlabError as error:
        check(name, error.response_code == code, error)
    else:
        check(name, False, "no refusal")


def main(url, token):
    gl = gitlab.Gitlab(url, private_token=token)
    gl.auth()
    check("auth() knows the user", gl.user.username == "approval-bot", gl.user.username)
    check("version()", gl.version()[0].endswith("-ee"), gl.version())
    check("the token describes itself", "api" in gl.personal_access_tokens.get("self").scopes)

    project = gl.projects.get("demo/storefront")
    check("a project by its path and by its id", gl.projects.get(project.id).path_with_namespace == "demo/storefront")
    check("projects.list", project.id in [one.id for one in gl.projects.list(get_all=True)])

    rules = project.external_status_checks
    rule = rules.create({"name": "From python", "external_url": "http://127.0.0.1:9/python", "shared_secret": "abc"})
    check("external_status_checks.create", rule.hmac is True, rule.attributes)
    rules.update(rule.id, {"name": "Renamed by python"})
    names = [one.name for one in rules.list(get_all=True)]
    check("external_status_checks.update and list", "Renamed by python" in names, names)
    refused("a name that is taken is refused", 422, lambda: rules.create(
        {"name": "Renamed by python", "external_url": "http://127.0.0.1:9/other"}))
    branch = project.protectedbranches.list(get_all=True)[0]
    scoped = rules.create({"name": "Scoped", "external_url": "http://127.0.0.1:9/scoped", "protected_branch_ids": [branch.id]})
    check("protected branches", scoped.protected_branches[0]["name"] == "main", scoped.attributes)
    rules.delete(scoped.id)

    found = project.mergerequests.list(state="opened", order_by="updated_at", updated_after="2020-01-01T00:00:00Z", get_all=True)
    check("mergerequests.list", len(found) >= 1)
    pages = list(project.mergerequests.list(iterator=True, per_page=2))
    check("pages are followed by their links", len(pages) == len(project.mergerequests.list(get_all=True)), len(pages))
    mr = project.mergerequests.get(found[0].iid)
    check("a merge request in full", len(mr.sha) == 40 and mr.diff_refs["head_sha"] == mr.sha)
    check("commits", next(iter(mr.commits())).id == mr.sha)
    check("diffs", len(mr.diffs.list(get_all=True)) >= 1)
    check("changes", len(mr.changes()["changes"]) >= 1)
    check("approvals", mr.approvals.get().approved_by == [])

    path = f"/projects/{project.id}/merge_requests/{mr.iid}/status_check_responses"

    def answer(status, sha=mr.sha):
        return gl.http_post(path, post_data={"external_status_check_id": rule.id, "sha": sha, "status": status})

    check("an answer is taken", answer("passed")["external_status_check"]["id"] == rule.id)
    status = {one.id: one.status for one in mr.status_checks.list(get_all=True)}
    check("status_checks.list shows it", status[rule.id] == "passed", status)
    refused("a stale sha is refused", 409, lambda: answer("passed", "0" * 40))
    refused("an unknown status is refused", 400, lambda: answer("approved"))
    refused("retry needs a failed check", 422, lambda: gl.http_post(
        f"/projects/{project.id}/merge_requests/{mr.iid}/status_checks/{rule.id}/retry"))
    answer("failed")
    retried = gl.http_post(f"/projects/{project.id}/merge_requests/{mr.iid}/status_checks/{rule.id}/retry")
    check("retry is accepted", retried == {"message": "202 Accepted"}, retried)
    status = {one.id: one.status for one in mr.status_checks.list(get_all=True)}
    check("retry makes it pending", status[rule.id] == "pending", status)

    note = mr.notes.create({"body": "Written by python-gitlab"})
    note.body = "Changed by python-gitlab"
    note.save()
    check("a note is changed in place", mr.notes.get(note.id).body == "Changed by python-gitlab")
    member = project.members_all.get(gl.user.id)
    check("members_all", member.access_level == 40, member.attributes)
    project.only_allow_merge_if_all_status_checks_passed = False
    project.save()
    check("the gate is switched", gl.projects.get(project.id).only_allow_merge_if_all_status_checks_passed is False)
    project.only_allow_merge_if_all_status_checks_passed = True
    project.save()
    rules.delete(rule.id)
    refused("a removed check takes no answers", 404, lambda: answer("passed"))
    stranger = gitlab.Gitlab(url, private_token="wrong")
    refused("a wrong token is refused", 401, lambda: stranger.projects.get(project.id))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
    print(f"{len(PASSED)} passed, {len(FAULTS)} failed")
    sys.exit(1 if FAULTS else 0)
