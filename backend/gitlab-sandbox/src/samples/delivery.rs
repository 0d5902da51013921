//! The sample that shows what a change can hold: many languages, a rename, files that have no lines to show.

use super::{messages, sample};
use crate::world::{FileChange, Job, NewDiscussion, NewMergeRequest};

pub(super) fn delivery_date() -> NewMergeRequest {
    NewMergeRequest {
        files: files(),
        commits: messages(&[
            "Add a component for delivery dates",
            "Count in working days\n\nWeekends are left out, and so are the holidays of the country that the parcel goes to.\nThey come from the table `holiday`, which an import fills once a year.",
            "Show the delivery date in the basket\n\nRefs #214",
        ]),
        reviewers: vec!["rita-review".into()],
        approvals: vec!["ola-ordinary".into()],
        jobs: vec![
            Job::new("build", "compile", "success"),
            Job::new("test", "unit-tests", "success"),
            Job::new("test", "browser-tests", "success"),
            Job { allow_failure: true, ..Job::new("test", "spelling", "failed") },
            Job::new("deploy", "preview", "manual"),
        ],
        discussions: discussions(),
        ..sample(
            "sam-sample",
            "delivery-date",
            "Show the delivery date in the basket",
            DESCRIPTION,
            &["feature", "frontend"],
        )
    }
}

const DESCRIPTION: &str = "Customers ask **when** their order arrives.

- counts working days
- shows the date beside each item
- [x] tested by hand in two browsers
- [ ] ~~holidays of other countries~~ (later)

| day ordered | days | arrives |
|---|---:|---|
| Friday | 1 | Monday |
| Monday | 3 | Thursday |

```ts
addWorkingDays(new Date(\"2026-03-06\"), 1); // Monday, 9 March
```

> \"It should say *when*, not *how long*.\" (from the support team)

![What it looks like](/uploads/basket.png)
See [how dates are shown](https://example.com/dates) and run `npm test -- calendar`.";

fn discussions() -> Vec<NewDiscussion> {
    let say = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    vec![
        NewDiscussion {
            notes: vec![say("sam-sample", "added 3 commits")],
            system: true,
            ..NewDiscussion::default()
        },
        NewDiscussion {
            notes: vec![
                say("ola-ordinary", "What happens with a negative number of `days`?"),
                say("sam-sample", "It throws a `RangeError` now, see the test."),
            ],
            resolved: Some(true),
            position: Some(("src/lib/calendar.ts".into(), 9)),
            ..NewDiscussion::default()
        },
        NewDiscussion {
            notes: vec![
                say(
                    "kim-example",
                    "Should this be the customer's time zone instead of UTC?\n\n1. the shop ships from one place\n2. but people read dates in *their* calendar",
                ),
                say(
                    "sam-sample",
                    "Good point. The parcel service promises a day at the **destination**, so yes. I will look.",
                ),
            ],
            resolved: Some(false),
            position: Some(("src/components/DeliveryDate.jsx".into(), 4)),
            ..NewDiscussion::default()
        },
        NewDiscussion {
            notes: vec![say("rita-review", "I like the table in the description.")],
            ..NewDiscussion::default()
        },
    ]
}

fn files() -> Vec<FileChange> {
    let postcodes: String = (0..1_400_u32)
        .map(|number| {
            format!(
                "{:05},{},{}\n",
                10_000 + number * 7,
                ["North", "South", "East"][number as usize % 3],
                1 + number % 4
            )
        })
        .collect();
    vec![
        FileChange::changed("src/components/Basket.jsx", BASKET),
        FileChange::added("src/components/DeliveryDate.jsx", COMPONENT),
        FileChange::added("src/lib/calendar.ts", CALENDAR),
        FileChange::deleted(
            "src/lib/dates.js",
            "export function inDays(days) {\n  return new Date(Date.now() + days * 86400000);\n}\n",
        ),
        FileChange { diff: RENAMED.into(), ..FileChange::renamed("docs/shipping.md", "docs/delivery.md") },
        FileChange::changed("services/delivery/src/lib.rs", RUST),
        FileChange::changed("tools/import_holidays.py", PYTHON),
        FileChange::added("migrations/0043_holiday.sql", SQL),
        FileChange::changed(".gitlab-ci.yml", YAML),
        FileChange::binary("assets/truck.png"),
        FileChange::generated("package-lock.json", LOCK),
        FileChange::added("fixtures/postcodes.csv", &postcodes),
        FileChange::too_large("fixtures/all-holidays.json"),
    ]
}

const BASKET: &str = "@@ -12,9 +12,14 @@ export function Basket({ items }) {
   return (
     <section class=\"basket\">
       <h2>Your basket</h2>
-      <ul>{items.map(renderItem)}</ul>
+      <ul>
+        {items.map((item) => (
+          <li key={item.id}>
+            {item.name} <DeliveryDate days={item.deliveryDays} />
+          </li>
+        ))}
+      </ul>
       <Total items={items} />
     </section>
   );
 }
";

const COMPONENT: &str = "import { addWorkingDays } from \"../lib/calendar\";

export function DeliveryDate({ days }) {
  const date = addWorkingDays(new Date(), days);
  return <time dateTime={date.toISOString()}>{date.toLocaleDateString()}</time>;
}
";

const CALENDAR: &str = "import type { Holiday } from \"./holidays\";

const DAY = 24 * 60 * 60 * 1000;

/** The day that comes so many working days after another. */
export function addWorkingDays(from: Date, days: number, holidays: Holiday[] = []): Date {
  // Nobody delivers yesterday.
  if (!Number.isInteger(days) || days < 0) {
    throw new RangeError(`days is ${days}`);
  }
  let date = new Date(from);
  for (let left = days; left > 0; ) {
    date = new Date(date.getTime() + DAY);
    const weekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
    const free = weekend || holidays.some((one) => one.day === date.toISOString().slice(0, 10));
    left -= free ? 0 : 1;
  }
  return date;
}
";

const RENAMED: &str = "@@ -1,4 +1,5 @@
-# Shipping
+# Delivery dates
 
-Orders arrive within three days.
+Counted in *working days* from today; see `addWorkingDays`. Holidays are those of the destination.
+
 Questions? Ask [support](support.md).
";

const RUST: &str = "@@ -1,6 +1,7 @@
 //! When a parcel arrives.
 
-use std::collections::HashMap;
+use std::collections::{BTreeSet, HashMap};
+use std::num::NonZeroU8;
 
 /// A parcel service.
 pub struct Carrier {
@@ -18,9 +19,16 @@ impl Carrier {
     }
 
     /// Days on the way to a region.
-    pub fn days(&self, region: &str) -> u8 {
-        *self.days.get(region).unwrap_or(&3)
+    pub fn days(&self, region: &str) -> Result<NonZeroU8, Unknown> {
+        self.days.get(region).copied().ok_or_else(|| Unknown(region.to_owned()))
+    }
+
+    /// Whether nothing is delivered on a day.
+    pub fn rests(&self, day: Day, holidays: &BTreeSet<Day>) -> bool {
+        matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || holidays.contains(&day)
     }
 }
+
+const LONGEST: u8 = 30;
";

const PYTHON: &str = "@@ -4,11 +4,16 @@ import csv
 import sys
 
 
-def read(path):
-    return [row for row in csv.reader(open(path))]
+def read(path: str) -> list[tuple[str, str]]:
+    \"\"\"Country and day of each holiday.\"\"\"
+    with open(path, newline=\"\") as file:
+        return [(country.upper(), day) for country, day, *_ in csv.reader(file)]
 
 
 if __name__ == \"__main__\":
-    print(len(read(sys.argv[1])))
+    rows = read(sys.argv[1])
+    if not rows:
+        sys.exit(\"no holidays at all?\")
+    print(f\"{len(rows)} holidays\")
";

const SQL: &str = "-- Days on which nothing is delivered.
CREATE TABLE holiday (
    country CHAR(2) NOT NULL,
    day     DATE NOT NULL,
    name    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (country, day)
);

INSERT INTO holiday (country, day, name) VALUES ('DE', '2026-04-03', 'Good Friday');
";

const YAML: &str = "@@ -8,6 +8,11 @@ unit-tests:
   stage: test
   script:
     - npm ci
-    - npm test
+    - npm test -- --coverage
+  coverage: '/Lines\\s*:\\s*(\\d+\\.?\\d*)%/'
+
+spelling:
+  stage: test
+  allow_failure: true
+  script: [\"npx --no-install cspell docs\"]
";

const LOCK: &str = "@@ -31,9 +31,9 @@
     },
     \"node_modules/calendar-names\": {
-      \"version\": \"2.0.1\",
-      \"resolved\": \"https://registry.example.com/calendar-names-2.0.1.tgz\",
-      \"integrity\": \"sha512-bm90aGluZyByZWFs\"
+      \"version\": \"2.1.0\",
+      \"resolved\": \"https://registry.example.com/calendar-names-2.1.0.tgz\",
+      \"integrity\": \"sha512-YWxzbyBub3RoaW5n\"
     },
";
