-- Fills a fresh database with :checks checks of a quarter as many merge requests, as a service has them after long use.
-- Ids are UUIDs whose digits tell what they belong to; nothing here is random, so every run makes the same file.

-- Two rules in each of twenty projects. Two commits per merge request, so four checks of each.
INSERT INTO connection (id, base_url, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'http://gitlab.example.test', '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z');

INSERT INTO project (id, connection_id, gitlab_id, path, web_url, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
SELECT printf('00000001-0000-7000-8000-%012x', i), '00000000-0000-7000-8000-000000000001', i + 1,
       printf('shop/service-%02d', i), printf('http://gitlab.example.test/shop/service-%02d', i),
       '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z'
FROM n;

INSERT INTO rule (id, project_id, gitlab_id, rule_key, name, policy, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39)
SELECT printf('00000002-0000-7000-8000-%012x', i), printf('00000001-0000-7000-8000-%012x', i / 2), i + 1,
       printf('key-%d', i), iif(i % 2 = 0, 'Change approval', 'Security review'), '{"approvals":1}',
       '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z'
FROM n;

-- Every merge request with index j has checks 4j (first commit, first rule) to 4j + 3 (second commit, second rule).
INSERT INTO merge_request (id, project_id, iid, title, description, author_gitlab_id, author, url, source_branch,
    target_branch, state, head_sha, gitlab_updated_at, facts_at, refresh_attempts, created_at, updated_at)
WITH RECURSIVE n(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM n WHERE j < :checks / 4 - 1)
SELECT printf('00000003-0000-7000-8000-%012x', j), printf('00000001-0000-7000-8000-%012x', j % 20), j / 20 + 1,
       printf('Show the delivery date in basket %d', j), printf('Customers ask for it; see ticket %d. Tested by hand.', j),
       21 + j % 50, printf('Sam Sample %d', j % 50),
       printf('http://gitlab.example.test/shop/service-%02d/-/merge_requests/%d', j % 20, j / 20 + 1),
       printf('delivery-date-%d', j), 'main',
       CASE WHEN j % :pending_every = 0 THEN 'opened' WHEN j % 10 = 9 THEN 'closed' ELSE 'merged' END,
       printf('%040x', j * 2 + 1), at, at, 0, at, at
FROM (SELECT j, strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1704067200 + j * 200, 'unixepoch') AS at FROM n);

-- What is not for HEAD is superseded. Of HEAD's checks, every :pending_every'th merge request's wait; a tenth was
-- withdrawn, a twelfth rejected, the rest approved.
INSERT INTO status_check (id, state, project_path, merge_request_iid, title, author, rule_name, sha, source_branch,
    target_branch, decided_by, decided_at, verdict, gitlab_status, gitlab_status_at, undecided_pass, received_at, updated_at, round, policy,
    project_id, merge_request_id, rule_id, delivery_id, search_text)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :checks - 1)
SELECT id, state, path, iid, title, author, rule, sha, branch, 'main',
       iif(state IN ('approved', 'rejected'), 'Rita Reviewer', NULL), iif(state IN ('approved', 'rejected'), at, NULL),
       CASE state WHEN 'approved' THEN 'approve' WHEN 'rejected' THEN 'reject' ELSE NULL END,
       CASE state WHEN 'approved' THEN 'passed' WHEN 'rejected' THEN 'failed' ELSE NULL END,
       iif(state IN ('approved', 'rejected'), at, NULL), 0, at, at, 1, '{"approvals":1}',
       printf('00000001-0000-7000-8000-%012x', j % 20), printf('00000003-0000-7000-8000-%012x', j),
       printf('00000002-0000-7000-8000-%012x', j % 20 * 2 + i % 2),
       iif(state IN ('approved', 'rejected'), printf('00000005-0000-7000-8000-%012x', i), NULL),
       lower(path || '!' || iid || ' ' || title || ' ' || author || ' ' || rule || ' ' || branch || ' main ' || sha)
FROM (
    SELECT i, j, printf('%08x-%04x-7000-8000-%012x', 24000000 + i / 65536, i % 65536, i) AS id,
           CASE WHEN i % 4 < 2 THEN 'superseded' WHEN j % :pending_every = 0 THEN 'pending'
                WHEN j % 10 = 9 THEN 'withdrawn' WHEN j % 12 = 1 THEN 'rejected' ELSE 'approved' END AS state,
           printf('shop/service-%02d', j % 20) AS path, j / 20 + 1 AS iid,
           printf('Show the delivery date in basket %d', j) AS title, printf('Sam Sample %d', j % 50) AS author,
           iif(i % 2 = 0, 'Change approval', 'Security review') AS rule,
           printf('%040x', j * 2 + i % 4 / 2) AS sha, printf('delivery-date-%d', j) AS branch,
           strftime('%Y-%m-%dT%H:%M:%S', 1704067200 + i * 50, 'unixepoch') || printf('.%06dZ', i * 7919 % 1000000) AS at
    FROM (SELECT i, i / 4 AS j FROM n)
);

-- What was decided has its decision, its delivery and the one attempt that delivered it.
INSERT INTO decision (id, check_id, round, verdict, comment, sha, target_branch, reviewer, reviewer_verified, reversed,
    decided_at)
SELECT replace(delivery_id, '00000005-', '00000004-'), id, 1, iif(state = 'approved', 'approve', 'reject'),
       iif(state = 'approved', '', 'The tests do not cover the new branch.'), sha, 'main', 'Rita Reviewer', 0, 0, updated_at
FROM status_check WHERE delivery_id IS NOT NULL ORDER BY id;

INSERT INTO delivery (id, check_id, connection_id, rule_id, seq, status, sha, state, attempts, due_at, http_status,
    created_at, updated_at, delivered_at)
SELECT delivery_id, id, '00000000-0000-7000-8000-000000000001', rule_id, 1, gitlab_status, sha, 'delivered', 1,
       updated_at, 201, updated_at, updated_at, updated_at
FROM status_check WHERE delivery_id IS NOT NULL ORDER BY id;

INSERT INTO delivery_attempt (delivery_id, number, at, duration_ms, http_status)
SELECT id, 1, created_at, 120, 201 FROM delivery ORDER BY id;

-- Its record: made, and decided.
INSERT INTO event (at, kind, check_id, project_id, actor, via, previous_hash, hash, summary, data)
SELECT received_at, 'check.created', id, project_id, 'gitlab', 'gitlab', '', '',
       project_path || '!' || merge_request_iid || ' waits for "' || rule_name || '" at ' || substr(sha, 1, 8), '{}'
FROM status_check ORDER BY id;
INSERT INTO event (at, kind, check_id, project_id, actor, via, previous_hash, hash, summary, data)
SELECT updated_at, 'check.decided', id, project_id, 'Rita Reviewer', 'browser', '', '', 'Decided: ' || state, '{}'
FROM status_check WHERE delivery_id IS NOT NULL ORDER BY id;
UPDATE event_counter SET last = (SELECT max(id) FROM event);
