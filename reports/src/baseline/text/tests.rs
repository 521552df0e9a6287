//! Baselines are read as they are written, and mistakes are named.

use super::*;
use crate::baseline::BaselineAnswer;
use ocipick_records::RefusalReason;
use proptest::{collection, option, prelude::*, sample};

fn baseline() -> Baseline {
    let line = |case: &str, answer: &str| {
        let key = BaselineKey {
            case: case.into(),
            operation: "pull".into(),
            platform: "linux/amd64".into(),
        };
        let content = "0123456789ab".into();
        let answer = answer.parse().unwrap();
        (key, BaselineLine { content, answer })
    };
    Baseline {
        build: BaselineBuild {
            tool: "docker".into(),
            version: "28.5.2".into(),
            flavour: Some("containerd-store".into()),
            channel: "sid".into(),
        },
        cpu: Some("x86-64-v3".into()),
        corpus: BaselineCorpus {
            built_in: true,
            cases: 3,
            digest: "sha256:00".into(),
        },
        ocipick: "0.1.0".into(),
        lines: BTreeMap::from([
            line("duplicates/two-entries", "picked first"),
            line("missing/alone", "refused missing-content"),
            line("a name/with spaces", "unstable picked a | nothing"),
        ]),
    }
}

#[test]
fn a_baseline_is_a_text_that_people_read() {
    let written = baseline().to_string();
    insta::assert_snapshot!("baseline", written);
    assert_eq!(Baseline::parse("b.txt", &written), Ok(baseline()));
}

#[test]
fn a_baseline_of_before_levels_were_recorded_is_read() {
    let mut old = baseline();
    let text = old.to_string().replace("cpu x86-64-v3\n", "");
    old.cpu = None;
    assert_eq!(Baseline::parse("b.txt", &text), Ok(old));
}

#[test]
fn mistakes_are_named_with_their_lines() {
    let good = baseline().to_string();
    let line = "missing/alone pull linux/amd64 0123456789ab refused missing-content";
    let broken = [
        good.replace("baseline 1", "baseline 2"),
        good.replace("tool docker\n", ""),
        good.replace("version 28.5.2\n", "version \n"),
        good.replace("cpu x86-64-v3\n", "cpu \n"),
        good.replace("corpus built-in 3", "corpus built-in some"),
        good.replace(line, "missing/alone pull linux/amd64 0123456789ab"),
        good.replace(line, "missing/alone pull"),
        good.replace(line, &line.replace("missing-content", "missing")),
        good.replace(line, &format!("{line}\n{line}")),
        good.replace(line, &format!("# Why.\n{line}")),
        String::new(),
        "a matrix\n".to_owned(),
    ];
    let errors: Vec<String> = broken
        .iter()
        .map(|text| {
            assert_ne!(*text, good);
            Baseline::parse("b.txt", text).unwrap_err().to_string()
        })
        .collect();
    insta::assert_snapshot!("baseline-mistakes", errors.join("\n"));
}

fn word() -> impl Strategy<Value = String> {
    "[ -~äß\t]{1,8}"
}

fn answer() -> impl Strategy<Value = BaselineAnswer> {
    let mut reasons = RefusalReason::ALL.to_vec();
    reasons.retain(|reason| *reason != RefusalReason::Unknown);
    let single = prop_oneof![
        word().prop_map(BaselineAnswer::Picked),
        sample::select(reasons).prop_map(BaselineAnswer::Refused),
        Just(BaselineAnswer::Nothing),
        collection::vec(word(), 0..3).prop_map(BaselineAnswer::Mixed),
        Just(BaselineAnswer::Crashed { survived: false }),
        Just(BaselineAnswer::Crashed { survived: true }),
        Just(BaselineAnswer::TimedOut),
    ];
    let several = collection::btree_set(single.clone(), 1..4);
    prop_oneof![single, several.prop_map(BaselineAnswer::Unstable)]
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(
        build in (word(), word(), option::of(word()), word()),
        cpu in option::of(word()),
        corpus in (any::<bool>(), 0_usize..9, word()),
        lines in collection::btree_map((word(), word(), word()), (word(), answer()), 0..5),
    ) {
        let (tool, version, flavour, channel) = build;
        let (built_in, cases, digest) = corpus;
        let lines = lines.into_iter().map(|((case, operation, platform), (content, answer))| {
            (BaselineKey { case, operation, platform }, BaselineLine { content, answer })
        });
        let baseline = Baseline {
            build: BaselineBuild { tool, version, flavour, channel },
            cpu,
            corpus: BaselineCorpus { built_in, cases, digest },
            ocipick: "0.1.0".into(),
            lines: lines.collect(),
        };
        prop_assert_eq!(Baseline::parse("b.txt", &baseline.to_string()), Ok(baseline));
    }

    #[test]
    fn nothing_that_is_written_makes_it_panic(text in "[ -~\n]{0,200}") {
        let _ = Baseline::parse("b.txt", &text);
    }
}
