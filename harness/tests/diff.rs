//! Two results compared on the command line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/made.rs"]
mod made;
#[path = "support/user.rs"]
mod user;

use made::{picked, results, trial};
use ocipick_records::Outcome;
use serde_json::Value;
use user::User;

const TWO: &str = "duplicates/two-entries";
const ALONE: &str = "controls/single-entry";

#[test]
fn the_code_says_whether_cells_changed() {
    let user = User::new();
    let first = trial("crane@1.0.0", TWO, picked(TWO, "first"));
    let old = results(&user, "old", std::slice::from_ref(&first));
    let new_case = trial("crane@1.0.0", ALONE, Outcome::Nothing);
    let same = results(&user, "same", &[first, new_case]);
    let said = user.types(&["diff", &old, &same]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("No change in 1 cell"), "{}", said.out);
    assert!(said.out.contains(ALONE), "{}", said.out);

    let second = trial("crane@1.0.0", TWO, picked(TWO, "second"));
    let other = results(&user, "other", &[second]);
    let said = user.types(&["diff", &old, &other]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.contains("picked first → picked second"));

    let other_case = results(
        &user,
        "case",
        &[trial("crane@1.0.0", ALONE, Outcome::Nothing)],
    );
    assert_eq!(user.types(&["diff", &old, &other_case]).code, 4);
    assert_eq!(user.types(&["diff", &old, "nowhere"]).code, 2);
}

#[test]
fn another_version_takes_the_place_of_one_that_is_gone() {
    let user = User::new();
    let old = results(
        &user,
        "old",
        &[trial("crane@1.0.0", TWO, picked(TWO, "first"))],
    );
    let new = results(
        &user,
        "new",
        &[trial("crane@2.0.0", TWO, picked(TWO, "second"))],
    );
    let said = user.types(&["diff", &old, &new, "--json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["pairs"][0]["pairing"], "other-version");
    assert_eq!(json["cells"][0]["sort"], "other-pick");
    let said = user.types(&["diff", &old, &new, "--exact", "--format", "markdown"]);
    assert_eq!(said.code, 4, "{}", said.out);
}

#[test]
fn a_crash_is_withheld_from_what_others_read_and_not_from_the_code() {
    let user = User::new();
    let crash = Outcome::Crashed {
        what: "panic: secret".to_owned(),
        survived: false,
    };
    let old = results(
        &user,
        "old",
        &[trial("crane@1.0.0", TWO, picked(TWO, "first"))],
    );
    let new = results(&user, "new", &[trial("crane@1.0.0", TWO, crash)]);
    for format in ["markdown", "json"] {
        let said = user.types(&["diff", &old, &new, "--format", format]);
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(
            !said.out.contains(TWO) && !said.out.contains("secret"),
            "{}",
            said.out
        );
        assert!(said.err.contains("1 case is left out"), "{}", said.err);
    }
    for format in ["markdown", "html", "json", "junit"] {
        let said = user.types(&["report", &new, "--format", format]);
        assert!(
            !said.out.contains(TWO) && !said.out.contains("secret"),
            "{}",
            said.out
        );
        let all = user.types(&["report", &new, "--format", format, "--include-embargoed"]);
        // On the page a cell says that it crashed, and no more.
        let shown = if format == "html" { TWO } else { "secret" };
        assert!(all.out.contains(shown), "{}", all.out);
    }
    assert!(user.types(&["report", &new]).out.contains("crashed"));
}
