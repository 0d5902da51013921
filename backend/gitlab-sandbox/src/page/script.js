// Shows the sandbox's world once a second and steers it. All texts from the world become text nodes, never markup.
"use strict";

const FAULTS = {
  none: "Healthy", down: "Down", slow: "Slow (5 s)", rate_limited: "Rate limited (429)", server_error: "Error (500)",
  drop_connection: "Drop connections", drop_after_work: "Drop after the work", unlicensed: "No licence (401)",
  token_revoked: "Token revoked (401)", forbidden: "Forbidden (403)", no_route: "Proxy without a route (404)", head_moves: "HEAD moves before the next answer",
};
const BLOCKED = {
  status_checks_must_pass: "status checks must pass", draft_status: "it is a draft", not_approved: "approvals are missing",
};
const byId = (id) => document.getElementById(id);
const cards = new Map();

/** Makes an element; `text`, `testid`, `click` and `data-…` are understood, all else is set as a property. */
function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key === "text") node.textContent = value;
    else if (key === "testid") node.dataset.testid = value;
    else if (key === "click") node.addEventListener("click", value);
    else if (key.includes("-")) node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children);
  return node;
}

/** Sets a property only if it changes, so that focus, selection and tests are left in peace. */
function set(node, name, value) {
  if (node[name] !== value) node[name] = value;
}

function setData(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}

async function post(path, body = {}) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let message = "";
  try {
    const answer = await fetch(`/sandbox/${path}`, options);
    if (!answer.ok) message = (await answer.json()).error;
  } catch {
    message = "The sandbox does not answer.";
  }
  set(byId("message"), "textContent", message);
  await refresh();
}

const time = (text) => new Date(text).toLocaleTimeString();

/** A text in which http(s) addresses are links. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s)\]>"]+)/).map((part, index) =>
    index % 2 ? el("a", { href: part, text: part, rel: "noreferrer" }) : part);
}

function card(mr) {
  const id = `mr-${mr.project}-${mr.iid}`;
  const path = `merge_requests/${mr.project}/${mr.iid}`;
  const button = (name, text, body) => el("button", {
    type: "button", text, testid: `${id}-${name}`, click: () => post(`${path}/${name}`, body?.()),
  });
  const input = (name, label) => el("input", { testid: `${id}-${name}-input`, "aria-label": `${label} of !${mr.iid}` });
  const parts = {
    title: el("h3", { testid: `${id}-heading` }), state: el("span", { className: "chip", testid: `${id}-state` }),
    facts: el("p", { className: "soft", testid: `${id}-facts` }), sha: el("code", { testid: `${id}-sha` }),
    labels: el("span", { className: "row" }), checks: el("ul", { className: "checks" }),
    bypasses: el("div", { className: "row" }),
    gate: el("span", { className: "soft", testid: `${id}-gate` }), description: el("p", { className: "description" }),
    answers: el("ul", { testid: `${id}-answers` }), notes: el("div", { testid: `${id}-notes` }),
    titleInput: input("title", "New title"), targetInput: input("target_branch", "New target branch"),
    push: button("push", "Push a commit"), close: button("close", "Close"), reopen: button("reopen", "Reopen"),
    merge: button("merge", "Merge"),
    auto: el("button", { type: "button", testid: `${id}-auto_merge` }),
    approve: button("approve", "Approve in GitLab"), rows: new Map(),
  };
  parts.force = el("button", {
    type: "button", text: "Merge past the gate", testid: `${id}-merge-forced`,
    click: () => post(`${path}/merge`, { forced: true }),
  });
  parts.auto.addEventListener("click", () => post(`${path}/auto_merge`, { on: parts.auto.dataset.on !== "true" }));
  parts.node = el("article", { id, testid: id },
    el("div", { className: "row" }, parts.title, parts.state, parts.labels), parts.facts,
    parts.checks,
    el("div", { className: "row" }, parts.merge, parts.gate),
    el("div", { className: "row" }, parts.push, parts.close, parts.reopen, parts.auto),
    el("details", {},
      el("summary", { text: "More", testid: `${id}-more` }),
      parts.description,
      el("div", { className: "row" }, parts.titleInput, button("title", "Edit title", () => ({ value: parts.titleInput.value }))),
      el("div", { className: "row" }, parts.targetInput, button("target_branch", "Change target branch", () => ({ value: parts.targetInput.value }))),
      el("div", { className: "row" }, parts.approve, parts.force), parts.bypasses,
      el("h4", { text: "Last answers" }), parts.answers, el("h4", { text: "Notes" }), parts.notes));
  parts.titleInput.value = mr.title;
  parts.targetInput.value = mr.target_branch;
  return parts;
}

function checkRow(mr, check) {
  const id = `check-${mr.project}-${mr.iid}-${check.rule}`;
  const parts = {
    status: el("span", { className: "status", testid: `${id}-status` }), name: el("span", { testid: `${id}-name` }),
    hint: el("span", { className: "soft", testid: `${id}-hint` }),
    retry: el("button", {
      type: "button", text: "Retry", testid: `${id}-retry`,
      click: () => post(`merge_requests/${mr.project}/${mr.iid}/retry`, { rule: check.rule }),
    }),
    bypass: el("button", {
      type: "button", text: `Pass “${check.name}” behind the application's back`, testid: `${id}-bypass`,
      click: () => post(`merge_requests/${mr.project}/${mr.iid}/answer`, { rule: check.rule, status: "passed" }),
    }),
  };
  parts.node = el("li", { testid: id }, parts.status, parts.name, parts.hint, parts.retry);
  return parts;
}

function showMergeRequest(parts, mr) {
  const open = mr.state === "opened";
  setData(parts.node, "state", mr.state);
  set(parts.title, "textContent", `${mr.path}!${mr.iid} ${mr.title}`);
  set(parts.state, "textContent", mr.state);
  set(parts.facts, "textContent", `${mr.author} · ${mr.source_branch} → ${mr.target_branch} · ` +
    `${mr.sha.slice(0, 8)} · pipeline ${mr.pipeline ?? "none"}` +
    (mr.approvals.length ? ` · approved in GitLab by ${mr.approvals.join(", ")}` : ""));
  setData(parts.facts, "sha", mr.sha);
  replaceIfChanged(parts.labels, mr.labels, (label) => el("span", { className: "chip", text: label }));
  set(parts.description, "textContent", mr.description);
  showChecks(parts, mr);
  const mergeable = mr.merge_status === "mergeable";
  set(parts.merge, "disabled", !mergeable);
  set(parts.gate, "textContent", open && !mergeable ? `Blocked: ${BLOCKED[mr.merge_status] ?? mr.merge_status}` : "");
  for (const [node, shown] of [[parts.push, open || mr.state === "closed"], [parts.close, open], [parts.auto, open],
    [parts.reopen, mr.state === "closed"], [parts.merge, open], [parts.force, open], [parts.approve, open]]) {
    set(node, "hidden", !shown);
  }
  set(parts.auto, "textContent", mr.auto_merge ? "Cancel auto-merge" : "Merge when checks pass");
  setData(parts.auto, "on", String(mr.auto_merge));
  replaceIfChanged(parts.answers, mr.answers, (row) => el("li", {},
    el("span", { className: "status", "data-status": row.status, text: row.status }),
    ` ${row.rule} · ${row.sha.slice(0, 8)} · ${row.source === "creation" ? "written by GitLab" : row.by} · ${time(row.at)}` +
    (row.timed_out ? " · timed out" : "")));
  replaceIfChanged(parts.notes, mr.notes, (note) => el("p", { className: "note" }, `${note.by}: `, ...linked(note.body)));
}

function showChecks(parts, mr) {
  const rules = new Set(mr.checks.map((check) => check.rule));
  for (const [rule, row] of parts.rows) {
    if (!rules.has(rule)) {
      row.node.remove();
      row.bypass.remove();
      parts.rows.delete(rule);
    }
  }
  for (const check of mr.checks) {
    if (!parts.rows.has(check.rule)) {
      const row = checkRow(mr, check);
      parts.rows.set(check.rule, row);
      parts.checks.append(row.node);
      parts.bypasses.append(row.bypass);
    }
    const row = parts.rows.get(check.rule);
    setData(row.status, "status", check.status);
    set(row.status, "textContent", check.status);
    set(row.name, "textContent", check.name);
    set(row.hint, "textContent", check.timed_out ? "timed out: no answer within two minutes" : "");
    set(row.retry, "hidden", check.status !== "failed");
    set(row.bypass, "hidden", check.status === "passed" || mr.state !== "opened");
  }
}

/** Rebuilds the children of a node if their data changed. */
function replaceIfChanged(node, items, make) {
  const key = JSON.stringify(items);
  if (node.seen !== key) {
    node.seen = key;
    node.replaceChildren(...items.map(make));
  }
}

function show(state) {
  const list = byId("merge-requests");
  const seen = new Set();
  state.merge_requests.forEach((mr, index) => {
    const key = `${mr.project}-${mr.iid}`;
    seen.add(key);
    if (!cards.has(key)) cards.set(key, card(mr));
    const parts = cards.get(key);
    showMergeRequest(parts, mr);
    // Cards keep their place while something in them has the focus.
    if (list.children[index] !== parts.node && !list.contains(document.activeElement)) {
      list.insertBefore(parts.node, list.children[index] ?? null);
    } else if (!parts.node.isConnected) {
      list.append(parts.node);
    }
  });
  for (const [key, parts] of cards) {
    if (!seen.has(key)) {
      parts.node.remove();
      cards.delete(key);
    }
  }
  set(byId("nothing"), "hidden", state.merge_requests.length > 0);
  set(byId("merge-request-count"), "textContent", String(state.merge_requests.length));
  replaceIfChanged(document.querySelector("#new select"), state.projects.map((one) => [one.id, one.path]),
    ([id, path]) => el("option", { value: String(id), text: path }));
  replaceIfChanged(byId("projects"), state.projects, project);
  showFault(state.fault ?? "none");
  set(byId("calls-state"), "textContent", state.calls_paused ? `Held back: ${state.held.length}` : "Sent at once");
  set(byId("calls-pause"), "textContent", state.calls_paused ? "Send held calls" : "Hold calls");
  setData(byId("calls-pause"), "paused", String(state.calls_paused));
  set(byId("call-count"), "textContent", String(state.call_count));
  set(byId("request-count"), "textContent", String(state.request_count));
  replaceIfChanged(byId("calls"), state.calls, (call) => row([time(call.at), call.merge_request, call.rule,
    call.action ?? "(none)", call.attempt, call.signed ? "yes" : "no", call.status ?? call.error]));
  replaceIfChanged(byId("requests"), state.requests, (request) => row([time(request.at),
    `${request.method} ${request.path}`, request.status ?? "connection closed"]));
}

const row = (cells) => el("tr", {}, ...cells.map((text) => el("td", { text: String(text) })));

function project(one) {
  const gate = el("input", { type: "checkbox", checked: one.gate, testid: `gate-${one.id}` });
  gate.addEventListener("change", () => post(`projects/${one.id}/gate`, { on: gate.checked }));
  const rules = one.rules.map((rule) => el("li", {},
    `${rule.name} (${rule.signed ? "signed" : "unsigned"}, ${rule.branches.join(", ") || "all branches"}) `,
    el("code", { text: rule.url })));
  return el("div", { className: "project", testid: `project-${one.id}` }, el("strong", { text: one.path }),
    el("ul", {}, ...rules), el("label", { className: "row" }, gate, "Status checks must succeed"));
}

function showFault(fault) {
  set(byId("fault"), "textContent", FAULTS[fault]);
  for (const button of byId("faults").children) {
    const pressed = String(button.dataset.fault === fault && fault !== "none");
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
  }
}

async function refresh() {
  try {
    const answer = await fetch("/sandbox/state", { cache: "no-store" });
    show(await answer.json());
    set(byId("connection"), "textContent", "");
  } catch {
    set(byId("connection"), "textContent", "The sandbox does not answer.");
  }
}

async function live() {
  await refresh();
  setTimeout(live, 1000);
}

function start() {
  for (const [fault, text] of Object.entries(FAULTS)) {
    byId("faults").append(el("button", {
      type: "button", text, testid: `fault-${fault}`, "data-fault": fault, click: () => post("fault", { fault }),
    }));
  }
  byId("calls-pause").addEventListener("click", (event) => post("calls", { paused: event.target.dataset.paused !== "true" }));
  byId("calls-reversed").addEventListener("click", () => post("calls", { release: "reversed" }));
  byId("calls-drop").addEventListener("click", () => post("calls", { drop_next: 1 }));
  byId("calls-duplicate").addEventListener("click", () => post("calls", { duplicate_next: 1 }));
  byId("cron").addEventListener("click", () => post("cron"));
  byId("new").addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    post("merge_requests", { ...fields, project: Number(fields.project) });
  });
  live().then(() => document.querySelector(location.hash || "#none")?.scrollIntoView());
}

start();
