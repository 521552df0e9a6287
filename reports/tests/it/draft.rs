//! Drafts of reports: what they say, and what is no ground for one.

use crate::sample::{
    self, CONTAINERD, DOCKER, PODMAN, SKOPEO, Tool, crashed, unmeasured, unstable,
};
use ocipick_corpus::{Case, Corpus, PlatformRequest, built_in_specifications};
use ocipick_records::{CaseId, Host, Outcome, RefusalReason, Results, UnmeasuredWhy};
use ocipick_reports::{
    analysis::{
        conformance::{ConformanceRules, Revisions},
        embargo::EmbargoPolicy,
    },
    draft::{CellName, Confirmed, Draft, NoDraft},
    render::draft::{DraftReport, json_schema},
};
use std::sync::OnceLock;

const TWO: &str = "duplicates/two-entries";
const OLD: Tool = ("docker", "20.10.24", None);
const NEW: Tool = ("docker", "29.0.0", None);

fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| Corpus::built_in().expect("the built-in corpus is sound"))
}

fn case(id: &str) -> &'static Case {
    let id: CaseId = id.parse().expect("an id");
    corpus().get(&id).expect("the case is there")
}

fn picked(id: &str, child: &str) -> Outcome {
    let digest = case(id).child(child).expect("the child is there");
    Outcome::Picked {
        child: child.to_owned(),
        digest: digest.manifest.to_string(),
    }
}

fn refused(words: &str) -> Outcome {
    Outcome::Refused {
        reason: RefusalReason::Other,
        message: words.to_owned(),
    }
}

fn name(tool: Tool, case: &str) -> CellName {
    CellName {
        runtime: sample::id(tool),
        case: case.to_owned(),
        platform: None,
        operation: "pull".to_owned(),
    }
}

fn draft(results: &Results, name: &CellName) -> Result<Draft, NoDraft> {
    let specifications = built_in_specifications().expect("they are sound");
    let revisions = Revisions::choose(&specifications, &[]).expect("the newest are there");
    let rules = ConformanceRules::new(corpus(), revisions);
    let policy = EmbargoPolicy::built_in().expect("it is sound");
    let results = std::slice::from_ref(results);
    Draft::of(results, name, &sample::book(), &rules, policy)
}

fn report<T>(draft: &Draft, id: &str, look: impl Fn(&DraftReport<'_>) -> T) -> T {
    let confirmed = Confirmed {
        times: 5,
        at: "2026-11-21T12:00:00Z".to_owned(),
        ocipick: "0.1.0".to_owned(),
        evidence: draft.trial.evidence.clone(),
        outcome: draft.trial.outcome.clone(),
        host: Host {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            distribution: "a distribution".to_owned(),
            kernel: "6.1".to_owned(),
            cpus: 2,
            cpu_level: Some("x86-64-v3".to_owned()),
            cgroup: None,
        },
        record: sample::record(DOCKER),
    };
    let ask: PlatformRequest = draft.trial.platform.parse().expect("an ask");
    look(&DraftReport {
        draft,
        case: case(id),
        ask: &ask,
        confirmed: &confirmed,
    })
}

/// The report without its script.
fn without_script(markdown: &str) -> String {
    let (head, rest) = markdown
        .split_once("```python\n")
        .expect("there is a script");
    let (_, tail) = rest.split_once("\n```").expect("it ends");
    format!("{head}```python\n…\n```{tail}")
}

#[test]
fn a_draft_says_what_happens_and_what_speaks_against_it() {
    let results = sample::results(sample::row(
        TWO,
        vec![
            (OLD, picked(TWO, "first")),
            (DOCKER, picked(TWO, "second")),
            (NEW, picked(TWO, "second")),
            (PODMAN, picked(TWO, "first")),
            (SKOPEO, refused("`no` <b>")),
        ],
    ));
    let draft = draft(&results, &name(DOCKER, TWO)).expect("there is one");
    let text = report(&draft, TWO, |it| it.markdown());
    insta::assert_snapshot!("draft-markdown", without_script(&text));
    let json: serde_json::Value =
        serde_json::from_str(&report(&draft, TWO, |it| it.json())).expect("it is JSON");
    assert_eq!(json["project"], "moby/moby");
    assert!(json["private"].is_null());
    crate::schema::holds(&json_schema(), &json);
    crate::schema::published("draft.schema.json", &json_schema());
}

#[test]
fn the_script_holds_everything_that_the_registry_has() {
    let results = sample::results(sample::row(TWO, vec![(PODMAN, picked(TWO, "second"))]));
    let draft = draft(&results, &name(PODMAN, TWO)).expect("there is one");
    let script = report(&draft, TWO, |it| it.script()).expect("there is one");
    let it = case(TWO);
    for digest in [&it.index.digest]
        .into_iter()
        .chain(it.blobs.iter().map(|blob| &blob.digest))
    {
        assert!(script.contains(digest.as_str()), "{digest}");
    }
    assert!(script.contains("podman pull --tls-verify=false --platform linux/amd64 REFERENCE"));
    assert!(!script.contains("@@"));
    // One in which the registry misbehaves cannot be served like this.
    let id = "registry-faults/only-cut";
    let results = sample::results(sample::row(id, vec![(PODMAN, Outcome::Nothing)]));
    let draft = self::draft(&results, &name(PODMAN, id)).expect("there is one");
    assert_eq!(report(&draft, id, |it| it.script()), None);
}

#[test]
fn a_crash_is_marked_private_and_those_of_other_tools_are_left_out() {
    let results = sample::results(sample::row(
        TWO,
        vec![
            (PODMAN, crashed("panic: mine")),
            (CONTAINERD, crashed("panic: theirs")),
        ],
    ));
    let draft = draft(&results, &name(PODMAN, TWO)).expect("there is one");
    let text = report(&draft, TWO, |it| it.markdown());
    assert!(text.starts_with(
        "<!--\nPRIVATE. Do not file this in public. Send it to security@lists.podman.io."
    ));
    assert!(text.contains("panic: mine"));
    assert!(
        !text.contains("theirs") && !text.contains("containerd"),
        "{text}"
    );
    assert_eq!(draft.left_out, 1);
}

#[test]
fn what_is_no_finding_is_refused() {
    let results = sample::results(sample::row(
        TWO,
        vec![
            (DOCKER, picked(TWO, "second")),
            (NEW, picked(TWO, "first")),
            (
                PODMAN,
                unstable(&[(picked(TWO, "first"), 1), (picked(TWO, "second"), 1)]),
            ),
            (
                SKOPEO,
                unmeasured(UnmeasuredWhy::HarnessTrouble, "no space"),
            ),
        ],
    ));
    let refusal = |tool| draft(&results, &name(tool, TWO)).expect_err("there is none");
    let gone = refusal(DOCKER);
    assert!(matches!(gone, NoDraft::Gone { .. }), "{gone}");
    assert_eq!(
        gone.to_string(),
        "docker@28.5.2 on duplicates/two-entries is second, and the newest measured version no longer shows \
         that: docker@29.0.0 (path) is first"
    );
    assert!(matches!(refusal(PODMAN), NoDraft::Unstable(..)));
    assert!(matches!(refusal(SKOPEO), NoDraft::Unmeasured(..)));
    assert!(matches!(refusal(CONTAINERD), NoDraft::NoCell { .. }));
    // It takes the first of two, as the specification recommends.
    let expected = refusal(NEW);
    assert!(matches!(expected, NoDraft::Expected { .. }), "{expected}");
    assert!(
        expected.to_string().ends_with(
            "nothing speaks against that: image-spec/image-index/platform-first-match asks for it"
        ),
        "{expected}"
    );
}

#[test]
fn a_refusal_that_all_agree_on_is_no_fault() {
    let id = "controls/no-match";
    let no_match = |words: &str| Outcome::Refused {
        reason: RefusalReason::NoMatch,
        message: words.to_owned(),
    };
    let results = sample::results(sample::row(
        id,
        vec![
            (PODMAN, no_match("a")),
            (SKOPEO, no_match("b")),
            (CONTAINERD, Outcome::Nothing),
        ],
    ));
    let refusal = draft(&results, &name(PODMAN, id)).expect_err("there is none");
    assert!(matches!(refusal, NoDraft::Expected { .. }), "{refusal}");
    // Success that leaves nothing is always a fault, and what is expected instead is said once.
    let draft = draft(&results, &name(CONTAINERD, id)).expect("there is one");
    let text = report(&draft, id, |it| it.markdown());
    assert!(
        text.contains("# ctr images pull ends with success and no usable image: "),
        "{text}"
    );
    for words in [
        "Either an image that can be used, or an error",
        "ends with success, and there is no usable image afterwards",
        "ctr images pull --plain-http",
    ] {
        // The script holds the commands, too.
        let text = without_script(&text);
        assert_eq!(text.matches(words).count(), 1, "{words}: {text}");
    }
}

#[test]
fn a_draft_says_on_which_machine_it_was_repeated_and_whose_build_it_was() {
    let mut results = sample::results(sample::row(
        TWO,
        vec![
            (DOCKER, picked(TWO, "second")),
            (PODMAN, picked(TWO, "first")),
        ],
    ));
    results.header.host.kernel = "the kernel of long ago".to_owned();
    for record in &mut results.header.runtimes {
        record.channel = "bookworm".to_owned();
    }
    for trial in &mut results.trials {
        trial.channel = "bookworm".to_owned();
        trial.evidence.stderr_tail = "Using default tag\n\
            level=warning msg=\"Using cgroups-v1 which is deprecated\"\n\
            pulled 127.0.0.1:4711/p24444t2/duplicates/two-entries:latest\n"
            .to_owned();
    }
    let draft = draft(&results, &name(DOCKER, TWO)).expect("there is one");
    assert_eq!(
        draft.distribution().as_deref(),
        Some("Debian's build, of bookworm")
    );
    let text = report(&draft, TWO, |it| it.markdown());
    for absent in ["long ago", "cgroup", "p24444t2", "picks first or", "silent"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
    for there in [
        "kernel 6.1",
        "a linux/amd64 machine (x86-64-v3)",
        "pulled REFERENCE",
        "THIS IS Debian's build, of bookworm",
    ] {
        assert!(text.contains(there), "{there}: {text}");
    }
}
