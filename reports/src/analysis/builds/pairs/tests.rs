use super::*;
use crate::{
    analysis::{builds::PinAgreement, matrix::CaseBook},
    made::{results, trial},
};
use ocipick_records::{
    LinkedSource, ModuleOrigin, Observed, Outcome, Provenance, RefusalReason, RuntimeRecord,
};

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.into(),
        digest: "sha256:aa".into(),
    }
}

fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused {
        reason,
        message: String::new(),
    }
}

fn wavers() -> Outcome {
    let observed = [picked("a"), picked("b")].map(|outcome| Observed {
        outcome: Box::new(outcome),
        count: 1,
    });
    Outcome::Unstable {
        observed: observed.to_vec(),
    }
}

/// One build: its id, its source, the library that it was linked with, and what it does with the
/// cases `a/0`, `a/1` and so on.
type Build<'b> = (&'b str, &'b str, &'b str, Vec<Outcome>);

/// The pairs as `DISTRIBUTION UPSTREAM: compared, differing, flaky, library`.
fn pairs(builds: &[Build<'_>]) -> Vec<String> {
    let mut trials = Vec::new();
    let mut records = Vec::new();
    for (id, channel, library, outcomes) in builds {
        for (case, outcome) in outcomes.iter().enumerate() {
            let mut trial = trial(id, &format!("a/{case}"), outcome.clone());
            trial.channel = (*channel).to_owned();
            trial.runtime = format!("{id}#{channel}");
            trials.push(trial);
        }
        let first = trial(id, "a/0", outcomes[0].clone());
        let linked = Linked {
            go: Some("1.26".into()),
            libraries: [("containerd/platforms".to_owned(), (*library).to_owned())].into(),
            source: LinkedSource::BuildInfo,
        };
        let module = (*channel == "go").then(|| ModuleOrigin {
            path: "example.org/m".into(),
            version: "v1".into(),
            sum: "h1:".into(),
            how: "install".into(),
        });
        records.push(RuntimeRecord {
            id: format!("{id}#{channel}"),
            tool: first.tool,
            version: first.version,
            flavour: first.flavour,
            channel: (*channel).to_owned(),
            provenance: Provenance {
                module,
                linked: [("client".to_owned(), linked)].into(),
                ..Provenance::default()
            },
            unmeasured: None,
        });
    }
    let mut results = results(trials);
    results.header.runtimes = records;
    let (results, book) = ([results], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let id = |column: usize| &matrix.runtimes[column].id;
    let pairs = BuildPair::all(&matrix).into_iter();
    pairs
        .map(|pair| {
            let differing: Vec<&str> = pair.differing.iter().map(|it| it.row.case).collect();
            let flaky: Vec<&str> = pair.flaky.iter().map(|it| it.row.case).collect();
            let library = pair.libraries.first().map(|it| match it.agreement {
                PinAgreement::Same => "same",
                PinAgreement::Alike(_) => "alike",
                PinAgreement::Differs(_) => "differs",
                PinAgreement::Unknown => "unknown",
            });
            format!(
                "{} {}: {}, [{}], [{}], {}",
                id(pair.distribution),
                id(pair.upstream),
                pair.compared,
                differing.join(" "),
                flaky.join(" "),
                library.unwrap_or("none")
            )
        })
        .collect()
}

#[test]
fn one_release_of_two_builders_is_a_pair() {
    let (a, b) = (picked("a"), picked("b"));
    let no_match = refused(RefusalReason::NoMatch);
    let other = refused(RefusalReason::Other);
    let rc2 = "1.0.0-rc.2";
    assert_eq!(
        pairs(&[
            (
                "containerd@2.1.9",
                "sid",
                "1.0.0~rc4",
                vec![a.clone(), a.clone(), no_match, wavers()]
            ),
            (
                "containerd@2.1.9",
                "go",
                rc2,
                vec![a.clone(), b.clone(), other, a.clone()]
            ),
        ]),
        ["containerd@2.1.9#sid containerd@2.1.9#go: 3, [a/1 a/2], [a/3], differs"]
    );
    assert_eq!(
        pairs(&[
            ("containerd@2.1.9", "sid", rc2, vec![a.clone()]),
            ("containerd@2.1.9", "go", rc2, vec![a.clone()]),
        ]),
        ["containerd@2.1.9#sid containerd@2.1.9#go: 1, [], [], same"]
    );
}

#[test]
fn another_version_configuration_or_source_makes_no_pair() {
    let a = picked("a");
    let rc2 = "1.0.0-rc.2";
    let none: [String; 0] = [];
    let sid = ("containerd@2.1.9", "sid", rc2, vec![a.clone()]);
    for (id, source) in [
        ("containerd@2.1.8", "go"),
        ("containerd@2.1.9+local", "go"),
        ("crane@2.1.9", "go"),
        ("containerd@2.1.9", "path"),
        ("containerd@2.1.9", "trixie"),
    ] {
        let other = (id, source, rc2, vec![a.clone()]);
        assert_eq!(pairs(&[sid.clone(), other]), none, "{id} {source}");
    }
    // What was not measured is held against nothing.
    let unmeasured = Outcome::Unmeasured {
        why: ocipick_records::UnmeasuredWhy::Unsupported,
        detail: String::new(),
    };
    let other = ("containerd@2.1.9", "go", rc2, vec![unmeasured]);
    assert_eq!(pairs(&[sid, other]), none);
}
