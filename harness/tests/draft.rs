//! Drafts on the command line: what is refused, and how.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/made.rs"]
mod made;
#[path = "support/user.rs"]
mod user;

use made::{picked, results, trial};
use ocipick_records::{Outcome, UnmeasuredWhy};
use user::User;

const TWO: &str = "duplicates/two-entries";

#[test]
fn there_is_no_draft_of_what_cannot_be_tried_again() {
    let user = User::new();
    let unmeasured = Outcome::Unmeasured {
        why: UnmeasuredWhy::NotStarted,
        detail: "no daemon".to_owned(),
    };
    let trials = [
        trial("crane@1.0.0", TWO, picked(TWO, "second")),
        trial("podman@1.0.0", TWO, unmeasured),
        trial("skopeo@1.0.0", TWO, picked(TWO, "second")),
        trial("skopeo@2.0.0", TWO, picked(TWO, "first")),
    ]
    .map(|mut trial| {
        trial["channel"] = "path".into();
        trial
    });
    let dir = results(&user, "results", &trials);
    let says = |runtime: &str, code: i32, words: &str| {
        let said = user.types(&["draft", &dir, "--case", TWO, "--runtime", runtime]);
        assert_eq!(said.code, code, "{runtime}: {}", said.err);
        assert!(said.err.contains(words), "{}", said.err);
        assert_eq!(said.out, "");
    };
    says("crane@1.0.0", 4, "crane@1.0.0 is not here");
    says("podman@1.0.0", 4, "was not measured");
    says("skopeo@1.0.0", 3, "no longer shows that: skopeo@2.0.0");
    says("crane@2.0.0", 2, "hint: there is crane@1.0.0");
}
