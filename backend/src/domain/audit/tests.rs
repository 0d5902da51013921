use super::*;

const INSTANCE: &str = "0123456789abcdef0123456789abcdef";

const FIRST: Content<'_> = Content {
    id: 1,
    at: "2026-03-02T09:30:00.000000Z",
    kind: "check.decided",
    check_id: Some("0198b3a0-0000-7000-8000-000000000001"),
    project_id: None,
    actor: "Zoë",
    account_id: Some(""),
    via: "browser",
    summary: "Zoë approved 9f8e7d6c",
    data: "{\"sha\":\"9f8e7d6c\"}",
};

/// Made by another program (Python's hashlib) after the words above: the form must never change.
#[test]
fn the_canonical_form_is_the_documented_one() {
    let genesis = genesis(INSTANCE);
    assert_eq!(genesis, "da3d969f29e0034e382a2f2cb3ec3b75d01fddbd2d8a7b6a250e97b74dda0410");
    assert_eq!(FIRST.hash(&genesis), "29ef04037b6ff4ac5b1cad36851c3f5ab62c4523f0d96b330a5cc99f189a89a2");
}

/// Entries that differ only in where one field ends and the next begins, or in what is not there.
#[test]
fn no_two_entries_share_a_form() {
    let mut all = vec![FIRST];
    for (check_id, project_id, actor, account_id) in [
        (None, None, "", None),
        (Some(""), None, "", None),
        (None, Some(""), "", None),
        (None, None, "", Some("")),
        (Some("-"), None, "", None),
        (Some("-,"), None, "", None),
        (None, None, "-,", None),
        (None, None, "0:,", None),
        (Some("1:a,"), Some("b"), "c", None),
        (Some("1:a"), Some(",b"), "c", None),
        (Some("a"), Some("b"), "c", None),
        (Some("ab"), None, "c", None),
        (None, Some("ab"), "c", None),
        (Some("a"), Some("b"), "", Some("c")),
        (Some("a"), None, "b", Some("c")),
        (Some("ä"), None, "", None),
        (Some("a\u{308}"), None, "", None),
    ] {
        all.push(Content { check_id, project_id, actor, account_id, ..FIRST });
    }
    for (via, summary, data) in [
        ("ab", "c", "d"),
        ("a", "bc", "d"),
        ("a", "b", "cd"),
        ("abc", "", "d"),
        ("", "", "abcd"),
        ("a", "b,1:c", "d"),
    ] {
        all.push(Content { via, summary, data, ..FIRST });
    }
    all.extend([11, 111, -1].map(|id| Content { id, ..FIRST }));
    all.push(Content { id: 12, at: "026-03-02T09:30:00.000000Z", ..FIRST });
    all.push(Content { at: FIRST.kind, kind: FIRST.at, ..FIRST });
    let mut hashes: Vec<String> =
        ["a", "b", ""].iter().flat_map(|previous| all.iter().map(|one| one.hash(previous))).collect();
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

/// A record of so many entries.
fn record(count: i64) -> Vec<Entry> {
    let mut previous_hash = genesis(INSTANCE);
    (1..=count)
        .map(|id| {
            let summary = format!("What happened as number {id}");
            let hash = Content { id, summary: &summary, ..FIRST }.hash(&previous_hash);
            let previous_hash = std::mem::replace(&mut previous_hash, hash.clone());
            Entry {
                id,
                at: FIRST.at.into(),
                kind: FIRST.kind.into(),
                check_id: FIRST.check_id.map(str::to_owned),
                project_id: None,
                actor: FIRST.actor.into(),
                account_id: FIRST.account_id.map(str::to_owned),
                via: FIRST.via.into(),
                summary,
                data: FIRST.data.into(),
                previous_hash,
                hash,
            }
        })
        .collect()
}

/// Hashes an entry anew, as somebody would who covers up a change.
fn rehash(entry: &mut Entry) {
    entry.hash = entry.content().hash(&entry.previous_hash);
}

fn walk(entries: &[Entry], last: i64, head: &str) -> Result<(), Broken> {
    let mut chain = Chain::new(INSTANCE, true);
    entries.iter().try_for_each(|entry| chain.follow(entry))?;
    chain.end(last, head)
}

#[test]
fn each_way_of_tampering_is_named_where_it_begins() {
    let good = record(5);
    let head = good[4].hash.clone();
    assert_eq!(walk(&good, 5, &head), Ok(()));
    assert_eq!(walk(&[], 0, &genesis(INSTANCE)), Ok(()));
    let edits: [fn(&mut Entry); 12] = [
        |one| one.id = 30,
        |one| one.at.push('0'),
        |one| one.kind = "check.created".into(),
        |one| one.check_id = None,
        |one| one.project_id = Some("p".into()),
        |one| one.actor = "Eve".into(),
        |one| one.account_id = None,
        |one| one.via = "token x".into(),
        |one| one.summary.push('.'),
        |one| one.data = "{}".into(),
        |one| one.previous_hash = genesis(INSTANCE),
        |one| one.hash = genesis(INSTANCE),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let mut bad = good.clone();
        edit(&mut bad[2]);
        let fault = if number == 0 { Fault::Missing(30) } else { Fault::Changed };
        assert_eq!(walk(&bad, 5, &head), Err(Broken { id: 3, fault }), "edit {number}");
    }
    let broken = |id, fault| Err(Broken { id, fault });
    type Tamper = fn(&mut Vec<Entry>);
    let cases: [(Tamper, Result<(), Broken>); 8] = [
        (
            |all| {
                all[2].actor = "Eve".into();
                rehash(&mut all[2]);
            },
            broken(4, Fault::Unchained),
        ),
        (
            |all| {
                all[4].actor = "Eve".into();
                rehash(&mut all[4]);
            },
            broken(5, Fault::OtherHead),
        ),
        (
            |all| {
                all.remove(2);
            },
            broken(3, Fault::Missing(4)),
        ),
        (
            |all| {
                all.truncate(3);
            },
            broken(4, Fault::Missing(4)),
        ),
        (
            |all| {
                all.clear();
            },
            broken(1, Fault::Missing(1)),
        ),
        (
            |all| {
                let again = all[2].clone();
                all.insert(3, again);
            },
            broken(3, Fault::Twice),
        ),
        (
            |all| {
                let again = all[1].clone();
                all.push(again);
            },
            broken(2, Fault::OutOfOrder),
        ),
        (
            |all| {
                let mut more = all[4].clone();
                (more.id, more.previous_hash) = (6, all[4].hash.clone());
                rehash(&mut more);
                all.push(more);
            },
            broken(6, Fault::Unknown),
        ),
    ];
    for (number, (tamper, expected)) in cases.into_iter().enumerate() {
        let mut bad = good.clone();
        tamper(&mut bad);
        assert_eq!(walk(&bad, 5, &head), expected, "case {number}");
    }
    let mut other = record(5);
    other[0].previous_hash = genesis("another");
    rehash(&mut other[0]);
    assert_eq!(walk(&other, 5, &head), broken(1, Fault::Unchained));
}

/// The lines of an export of these entries.
fn file(entries: Vec<Entry>, complete: bool, last: i64, head: &str) -> Vec<String> {
    let count = i64::try_from(entries.len()).unwrap_or(0);
    let header = Header {
        format: FORMAT.into(),
        version: VERSION,
        instance: INSTANCE.into(),
        genesis: genesis(INSTANCE),
        exported_at: FIRST.at.into(),
        filters: std::collections::BTreeMap::new(),
        complete,
        last,
        head: head.into(),
    };
    let mut lines = vec![Line::Header(header).to_text()];
    lines.extend(entries.into_iter().map(|entry| Line::Entry(entry).to_text()));
    lines.push(Line::End(End { entries: count }).to_text());
    lines
}

fn prove(lines: &[String], kept: Option<&str>) -> Result<Proof, String> {
    let mut prover = Prover::new(kept);
    lines.iter().try_for_each(|line| prover.line(line))?;
    prover.end()
}

#[test]
fn a_whole_export_is_proven_and_each_flaw_of_it_named() {
    let all = record(5);
    let head = all[4].hash.clone();
    let good = file(all.clone(), true, 5, &head);
    let proof = prove(&good, None).expect("holds");
    assert_eq!((proof.entries, proof.last, proof.kept_at), (5, 5, None));
    assert_eq!(prove(&good, Some(&all[2].hash.to_uppercase())).expect("holds").kept_at, Some(3));
    assert_eq!(prove(&good, Some(&genesis(INSTANCE))).expect("holds").kept_at, Some(0));

    type Tamper = fn(&mut Vec<String>);
    let cases: [(Tamper, &str); 14] = [
        (|lines| lines[3] = lines[3].replace("number 3", "number 8"), "entry 3 was changed"),
        (|lines| lines[3] = lines[3].replace("\"via\"", "\"more\":1,\"via\""), "unknown field `more`"),
        (
            |lines| {
                lines.remove(3);
            },
            "entry 3 is missing",
        ),
        (
            |lines| {
                lines.drain(2..4);
            },
            "entries 2 to 3 are missing",
        ),
        (
            |lines| {
                lines.swap(3, 4);
            },
            "entry 3 is not in its place",
        ),
        (
            |lines| {
                let again = lines[3].clone();
                lines.insert(4, again);
            },
            "entry 3 is there twice",
        ),
        (
            |lines| {
                lines.remove(5);
            },
            "the export had 5 entries, here are 4",
        ),
        (
            |lines| {
                lines.pop();
            },
            "cut off behind entry 5",
        ),
        (
            |lines| {
                lines.truncate(3);
            },
            "cut off behind entry 2",
        ),
        (
            |lines| {
                lines.remove(5);
                lines[5] = lines[5].replace('5', "4");
            },
            "entry 5 and whatever followed it are missing",
        ),
        (
            |lines| {
                lines.remove(0);
            },
            "does not begin with the header",
        ),
        (
            |lines| {
                let more = lines[2].clone();
                lines.push(more);
            },
            "added behind the line that ends",
        ),
        (|lines| lines[0] = lines[0].replace("\"version\":1", "\"version\":2"), "this program reads"),
        (|lines| lines[0] = lines[0].replace(INSTANCE, "x"), "genesis is not that of its instance"),
    ];
    for (number, (tamper, expected)) in cases.into_iter().enumerate() {
        let mut bad = good.clone();
        tamper(&mut bad);
        let what = prove(&bad, None).expect_err("does not hold");
        assert!(what.contains(expected), "case {number}: {what}");
    }

    // A file that was shortened with care, header and end included: only a kept hash shows it.
    let short = file(record(3), true, 3, &all[2].hash);
    assert!(prove(&short, None).is_ok());
    assert!(prove(&short, Some(&head)).expect_err("shorter").contains("cut off or rewritten"));
}

#[test]
fn a_filtered_export_is_proven_entry_by_entry() {
    let all = record(6);
    let head = all[5].hash.clone();
    let some: Vec<Entry> = [1, 2, 4].map(|index: usize| all[index].clone()).into();
    let good = file(some.clone(), false, 6, &head);
    assert_eq!(prove(&good, None).expect("holds").entries, 3);
    let mut changed = some.clone();
    changed[2].actor = "Eve".into();
    assert!(
        prove(&file(changed, false, 6, &head), None).expect_err("changed").contains("entry 5 was changed")
    );
    let mut neighbour = some.clone();
    neighbour[0].actor = "Eve".into();
    rehash(&mut neighbour[0]);
    assert!(
        prove(&file(neighbour, false, 6, &head), None)
            .expect_err("replaced")
            .contains("entry 3 does not follow")
    );
    let turned: Vec<Entry> = some.iter().rev().cloned().collect();
    assert!(prove(&file(turned, false, 6, &head), None).expect_err("turned").contains("not in its place"));
    assert!(prove(&good, Some(&head)).expect_err("left out").contains("may have been left out"));
}
