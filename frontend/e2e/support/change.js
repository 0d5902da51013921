// A change as the service would tell of it, for what no sample has: every kind of file, thousands of lines.

const SHA = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c";
const file = (path, more = {}) => ({ path, old_path: null, kind: "modified", additions: 1, deletions: 1, rows: 4, fold: null, ...more });
const row = (kind, old, now, text, marks = []) => ({ kind, old, new: now, text, marks });

/** How many rows the long file has. */
export const LONG = 5_000;

const FILES = [
  file("src/basket/delivery.ts", { additions: 3, deletions: 2, rows: 9 }),
  file("src/basket/calendar.ts", { old_path: "src/calendar.ts", kind: "renamed", additions: 0, deletions: 0, rows: 0 }),
  file("package-lock.json", { fold: "generated", rows: 3 }),
  file("src/holidays.csv", { kind: "added", additions: LONG - 1, deletions: 0, rows: LONG, fold: "large" }),
  file("docs/basket.png", { kind: "added", additions: 0, deletions: 0, rows: 0, fold: "binary" }),
  file("data/dump.sql", { kind: "deleted", additions: 0, deletions: 90_000, rows: 0, fold: "too_large" }),
];

const ROWS = {
  "src/basket/delivery.ts": [
    row("hunk", null, null, "@@ -10,6 +10,7 @@ export class Basket {"),
    row("same", 10, 10, "  /** When the parcel arrives. */", [2, 0, 29, 3]),
    row("removed", 11, null, "  delivery(days: number): Date {", [2, 0, 8, 5, 1, 10, 4, 25, 1, 10, 1, 0, 6, 6, 1, 10]),
    row("removed", 12, null, "    return today().plus(days);", [4, 0, 6, 1, 1, 0, 5, 5]),
    row("added", null, 11, "  delivery(from: Calendar): Date {", [2, 0, 8, 5, 1, 10, 4, 25, 1, 10, 1, 0, 8, 22, 1, 10]),
    row("added", null, 12, "    const next = from.nextWorkingDay(\"Berlin\", 2);", [4, 0, 5, 1, 1, 0, 4, 9, 3, 10, 4, 9, 1, 10, 14, 5, 1, 10, 8, 2, 2, 10, 1, 4]),
    row("added", null, 13, "    return next ?? Calendar.NEVER; // a line that is longer than most windows are wide, so that it has to be scrolled sideways within its own box", [4, 0, 6, 1, 1, 0, 4, 9, 4, 10, 8, 6, 1, 10, 5, 8, 1, 10, 1, 0, 110, 3]),
    row("same", 13, 14, "  }", [3, 10]),
    row("remark", null, null, "No newline at end of file"),
  ],
  "package-lock.json": [row("hunk", null, null, "@@ -1,1 +1,1 @@"), row("removed", 1, null, "{}"), row("added", null, 1, "{ }")],
  "src/holidays.csv": [
    row("hunk", null, null, `@@ -0,0 +1,${LONG - 1} @@`),
    ...Array.from({ length: LONG - 1 }, (_, n) => row("added", null, n + 1, `2026,${n + 1},holiday number ${n + 1}`)),
  ],
};

const NOTE = { author: "Mona Maintainer", at: "2026-01-31T10:00:00Z", html: "<p>Does this know <code>leap years</code>?</p>" };

/** The change, with what a journey wants different. */
export const change = (more = {}) => ({
  sha: SHA,
  read_at: new Date(Date.now() - 180_000).toISOString(),
  stale: null,
  description_html:
    "<p>Shows <strong>when</strong> the parcel arrives.</p><ul><li>reads the calendar</li><li>knows holidays</li></ul>" +
    "<pre><code>basket.delivery(calendar)</code></pre>",
  labels: ["storefront", "needs: legal", "workflow::ready-for-security-and-compliance-review"],
  commits: [
    { sha: SHA, title: "Know the holidays", message: "They come from the calendar,\nnot from the basket.", author: "Ada Author", at: "2026-01-31T09:00:00Z" },
    { sha: "1111111111111111111111111111111111111111", title: "Show the date", message: "", author: "Ada Author", at: null },
  ],
  commit_count: 2,
  files: FILES,
  file_count: FILES.length,
  pipeline: {
    status: "failed",
    jobs: [
      { name: "compile", stage: "build", status: "success", allow_failure: false },
      { name: "unit", stage: "test", status: "failed", allow_failure: false },
      { name: "links", stage: "test", status: "failed", allow_failure: true },
      { name: "publish", stage: "deploy", status: "skipped", allow_failure: false },
    ],
  },
  approvals: { required: 2, by: ["Mona Maintainer"] },
  discussions: [
    { resolved: false, path: "src/basket/delivery.ts", line: 12, notes: [NOTE, { ...NOTE, author: "Ada Author", html: "<p>It does now.</p>" }] },
    { resolved: true, path: null, line: null, notes: [{ ...NOTE, at: null, html: "<p>Please say why.</p>" }] },
  ],
  open_discussions: 1,
  resolved_discussions: 1,
  since: null,
  ...more,
});

export const SINCE = { sha: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", verdict: "approve", decided_at: "2026-01-30T10:00:00Z" };

const since = () => ({ since: SINCE, rebased: true, commits: change().commits.slice(0, 1), files: FILES.slice(0, 1) });

/**
 * Lets the page have this change in place of the service's; `now` may be changed later: `now.change`, `now.refuses`.
 */
export async function tellChange(page, more) {
  const now = { change: change(more), asked: [] };
  const json = (route, body, status = 200) => route.fulfill({ status, contentType: "application/json", body: JSON.stringify(body) });
  await page.route(/\/api\/v1\/checks\/[^/]+\/(change|diff|since)(\?|$)/, (route) => {
    const url = new URL(route.request().url());
    now.asked.push(url.pathname.split("/").at(-1) + url.search);
    if (now.refuses) {
      const problem = { type: "about:blank", title: "Bad gateway", status: 502, code: "gitlab_unreachable", detail: "GitLab did not answer." };
      return json(route, problem, 502);
    }
    if (url.pathname.endsWith("/change")) return json(route, now.change);
    if (url.pathname.endsWith("/since")) return json(route, since());
    const path = url.searchParams.get("path");
    return json(route, { file: FILES.find((one) => one.path === path), rows: ROWS[path] ?? [] });
  });
  return now;
}
