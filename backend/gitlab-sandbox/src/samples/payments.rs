//! Sample merge requests of the payment service.

use super::{messages, sample};
use crate::world::{FileChange, NewDiscussion, NewMergeRequest};

pub(super) fn merge_requests() -> Vec<NewMergeRequest> {
    vec![refunds(), dependencies(), release_fix()]
}

fn refunds() -> NewMergeRequest {
    let limit = "@@ -5,10 +5,17 @@ impl Refund {
     pub fn check(&self, order: &Order) -> Result<(), RefundError> {
-        if self.amount > order.paid {
+        let already: Cents = order.refunds.iter().map(|refund| refund.amount).sum();
+        if self.amount + already > order.paid {
             return Err(RefundError::TooMuch);
         }
+        if self.amount > SECOND_LOOK && self.second_approver.is_none() {
+            return Err(RefundError::NeedsSecondLook);
+        }
         Ok(())
     }
 }
+
+/// Above this, two people must agree.
+const SECOND_LOOK: Cents = Cents(50_000);
";
    let tests = "//! Refunds never add up to more than was paid.

#[test]
fn two_halves_and_a_cent() {
    let mut order = Order::paid(Cents(1_000));
    order.refund(Cents(500)).unwrap();
    order.refund(Cents(500)).unwrap();
    assert_eq!(order.refund(Cents(1)), Err(RefundError::TooMuch));
}
";
    NewMergeRequest {
        files: vec![
            FileChange::changed("src/refund.rs", limit),
            FileChange::added("tests/refund.rs", tests),
            FileChange::changed(
                "CHANGELOG.md",
                "@@ -1,4 +1,7 @@\n # Changes\n \n+## Unreleased\n+- Refunds above 500.00 need a second person.\n+\n ## 2.4.0\n",
            ),
        ],
        commits: messages(&[
            "Count earlier refunds",
            "Ask a second person for large refunds",
            "Test refunds that add up",
        ]),
        assignees: vec!["kim-example".into()],
        reviewers: vec!["rita-review".into(), "noor-nobody".into()],
        discussions: vec![NewDiscussion {
            notes: vec![(
                "noor-nobody".into(),
                "Who is the second person when the first one is on holiday?".into(),
            )],
            resolved: Some(false),
            ..NewDiscussion::default()
        }],
        ..sample(
            "kim-example",
            "refund-limit",
            "Ask a second person for large refunds",
            "Several partial refunds could exceed the amount paid (found in the March review).\n\n1. earlier refunds count\n2. above 500.00 somebody else must agree",
            &["feature", "risk::high"],
        )
    }
}

fn dependencies() -> NewMergeRequest {
    let lock = "@@ -88,7 +88,7 @@
 name = \"money-math\"
-version = \"1.8.2\"
+version = \"1.9.0\"
 source = \"registry\"
-checksum = \"0f3b61c2\"
+checksum = \"9ad04e77\"
 
 [[package]]
";
    NewMergeRequest {
        files: vec![
            FileChange::changed("app.lock", lock),
            FileChange::changed(
                "app.toml",
                "@@ -9,3 +9,3 @@\n [dependencies]\n-money-math = \"1.8\"\n+money-math = \"1.9\"\n log-lines = \"0.4\"\n",
            ),
        ],
        pipeline: Some("failed".into()),
        ..sample(
            "update-robot",
            "bump-money-math",
            "Update money-math to 1.9.0",
            "Rounds half to even from now on. See its release notes.",
            &["dependencies"],
        )
    }
}

fn release_fix() -> NewMergeRequest {
    let diff = "@@ -30,5 +30,7 @@ async fn capture(&self, payment: PaymentId) -> Result<Receipt, Error> {
-        self.bank.capture(payment).await
+        // A repeated capture must not take the money twice.
+        let key = IdempotencyKey::of(payment);
+        self.bank.capture_once(payment, key).await
     }
 }
";
    NewMergeRequest {
        target_branch: "release/2.4".into(),
        files: vec![FileChange::changed("src/capture.rs", diff)],
        ..sample(
            "ola-ordinary",
            "capture-once-2.4",
            "Never take a payment twice",
            "Picked from `main` for the 2.4 line. A time-out at the bank made us capture again.",
            &["bug", "backport", "risk::high"],
        )
    }
}
