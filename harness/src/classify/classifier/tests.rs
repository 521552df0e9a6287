use super::*;
use crate::operations;
use ocipick_adapters::{DaemonCrash, process::Ran};
use ocipick_corpus::Corpus;
use std::{fs, sync::LazyLock};
use tempfile::TempDir;

/// Read once: it is large, and this is a build for debugging.
static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::built_in().unwrap());

/// One trial on `duplicates/two-entries`, in which everything points to `first` until a test
/// changes something.
struct Scene {
    tool: Tool,
    dir: TempDir,
    case: Case,
    execution: Execution,
    operation: &'static OperationSpec,
    requests: Vec<HttpRequest>,
    later_requests: usize,
    fetched_before: BTreeSet<String>,
}

impl Scene {
    fn new() -> Self {
        let find = |case: &&Case| case.id.as_str() == "duplicates/two-entries";
        let mut scene = Self {
            tool: "skopeo".parse().unwrap(),
            dir: tempfile::tempdir().unwrap(),
            case: CORPUS.cases().iter().find(find).unwrap().clone(),
            execution: Execution::default(),
            operation: operations::ALL[0],
            requests: Vec::new(),
            later_requests: 0,
            fetched_before: BTreeSet::new(),
        };
        scene.ends(Exit::Code(0), "", "");
        let manifest = scene.child("first").manifest.to_string();
        scene.requests = vec![request("GET", &manifest, 200)];
        scene.execution.reported = seen([Identity::ManifestDigest(manifest)]);
        scene.execution.materialised = seen([scene.marker("first")]);
        scene
    }

    /// The decisive command ends like this.
    fn ends(&mut self, exit: Exit, stdout: &str, stderr: &str) {
        let output = self.dir.path().join("0-tool");
        fs::write(output.with_extension("stdout"), stdout).unwrap();
        fs::write(output.with_extension("stderr"), stderr).unwrap();
        let ran = Ran::recorded(
            "tool pull".into(),
            exit,
            Duration::from_millis(5),
            0,
            &output,
        );
        self.execution.commands = vec![ran];
        self.execution.decisive = Some(0);
    }

    fn child(&self, name: &str) -> &Child {
        self.case.child(name).unwrap()
    }

    fn marker(&self, name: &str) -> Identity {
        Identity::Marker(self.child(name).marker.clone().unwrap())
    }

    fn classify(&self) -> (Outcome, Evidence) {
        let observed = TrialObservations {
            operation: self.operation,
            tool: self.tool,
            case: &self.case,
            execution: &self.execution,
            requests: &self.requests,
            later_requests: self.later_requests,
            deadline: Duration::from_secs(7),
            fetched_before: &self.fetched_before,
        };
        // Read once, as the corpus is.
        static PHRASES: LazyLock<MessagePatterns> =
            LazyLock::new(|| MessagePatterns::built_in().unwrap());
        classify(&observed, &PHRASES)
    }

    fn outcome(&self) -> Outcome {
        self.classify().0
    }

    fn picked(&self, name: &str) -> Outcome {
        Outcome::Picked {
            child: name.to_owned(),
            digest: self.child(name).manifest.to_string(),
        }
    }

    fn mixed(&self, names: &[&str]) -> Outcome {
        Outcome::Mixed {
            children: names.iter().map(|&name| name.to_owned()).collect(),
            digests: names
                .iter()
                .map(|name| self.child(name).manifest.to_string())
                .collect(),
        }
    }

    #[track_caller]
    fn is_unmeasured(&self, wanted: UnmeasuredWhy, words: &str) {
        match self.outcome() {
            Outcome::Unmeasured { why, detail } => {
                assert_eq!((why, detail.as_str()), (wanted, words));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn request(method: &str, digest: &str, status: u16) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        path: format!("/manifests/{digest}"),
        status,
        bytes: 0,
        at_ms: 0,
        user_agent: None,
        accept: None,
        range: None,
    }
}

fn seen<const N: usize>(identities: [Identity; N]) -> RawObservation {
    let sign = |identity| RawFingerprint {
        source: "test",
        identity,
    };
    RawObservation::Seen(identities.into_iter().map(sign).collect())
}

#[test]
fn what_agrees_is_picked() {
    let scene = Scene::new();
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("first"));
    assert_eq!(evidence.notes, Vec::<String>::new());
    assert_eq!(evidence.exit, Some(Exit::Code(0)));
    assert_eq!(evidence.commands[0].duration_ms, 5);
}

#[test]
fn every_kind_of_sign_names_its_child() {
    let mut scene = Scene::new();
    let child = scene.child("first").clone();
    let layer = child.layers[0].clone();
    for identity in [
        Identity::ManifestDigest(child.manifest.to_string()),
        Identity::ConfigDigest(child.config.unwrap().to_string()),
        Identity::LayerDigests(vec![layer.digest.to_string()]),
        Identity::DiffIds(vec![layer.diff_id.to_string()]),
        // Over one layer the chain id is that of the layer.
        Identity::ChainId(layer.diff_id.to_string()),
        Identity::Label(child.marker.unwrap()),
    ] {
        scene.execution.reported = seen([identity.clone()]);
        let (outcome, evidence) = scene.classify();
        assert_eq!(outcome, scene.picked("first"), "{identity:?}");
        // And no other, which the marker would have hidden.
        let sightings = vec![Sighting {
            source: "test".to_owned(),
            identity,
            children: vec!["first".to_owned()],
        }];
        assert_eq!(evidence.reported, Observation::Seen { sightings });
    }
}

#[test]
fn the_evidence_keeps_what_was_seen_and_why_nothing_was() {
    let words = || "no\u{1b}[0m such image".to_owned();
    let plain = || "no such image".to_owned();
    let absent = || Observation::Absent { words: plain() };
    let failed = || Observation::Failed { trouble: plain() };
    for (looked, kept) in [
        (RawObservation::Not, Observation::NotLooked),
        (RawObservation::Absent(words()), absent()),
        (RawObservation::Empty(words()), absent()),
        (RawObservation::Failed(words()), failed()),
        (RawObservation::Unmarked(words()), failed()),
        (RawObservation::NotShown(words()), failed()),
    ] {
        let mut scene = Scene::new();
        scene.execution.reported = looked.clone();
        scene.execution.materialised = looked;
        let evidence = scene.classify().1;
        assert_eq!((&evidence.reported, &evidence.materialised), (&kept, &kept));
    }
}

#[test]
fn a_crash_of_the_daemon_explains_everything_else() {
    let mut scene = Scene::new();
    scene.execution.daemon_crash = Some(DaemonCrash {
        words: "dockerd died\u{1b}[0m".to_owned(),
        survived: false,
    });
    scene.execution.trouble = Some(HarnessError::Harness("x".to_owned()));
    let what = "dockerd died".to_owned();
    assert_eq!(
        scene.outcome(),
        Outcome::Crashed {
            what,
            survived: false
        }
    );
}

#[test]
fn a_panic_that_the_daemon_survives_is_no_death_of_it() {
    let mut scene = Scene::new();
    scene.ends(Exit::Code(1), "", "unexpected EOF\n");
    scene.execution.daemon_crash = Some(DaemonCrash {
        words: "dockerd panicked, and lives on".to_owned(),
        survived: true,
    });
    let what = "dockerd panicked, and lives on".to_owned();
    let survived = true;
    assert_eq!(scene.outcome(), Outcome::Crashed { what, survived });
}

#[test]
fn trouble_of_the_harness_is_never_blamed_on_the_tool() {
    let mut scene = Scene::new();
    scene.ends(Exit::Signal(11), "", "");
    let words = || "words".to_owned();
    for (trouble, why, detail) in [
        (
            HarnessError::Interrupted,
            UnmeasuredWhy::Interrupted,
            "interrupted",
        ),
        (
            HarnessError::CannotBeAsked(words()),
            UnmeasuredWhy::Unsupported,
            "words",
        ),
        (
            HarnessError::NotStarted(words()),
            UnmeasuredWhy::NotStarted,
            "words",
        ),
        (
            HarnessError::Harness(words()),
            UnmeasuredWhy::HarnessTrouble,
            "words",
        ),
    ] {
        scene.execution.trouble = Some(trouble);
        scene.is_unmeasured(why, detail);
    }
    scene.execution.trouble = None;
    scene.execution.decisive = None;
    scene.is_unmeasured(UnmeasuredWhy::EvidenceMissing, "no command was run");
}

#[test]
fn how_the_tool_ended_goes_before_what_it_left() {
    let mut scene = Scene::new();
    scene.ends(Exit::Deadline, "", "");
    assert_eq!(scene.outcome(), Outcome::TimedOut { after_ms: 7000 });
    scene.ends(Exit::Signal(9), "", "");
    let what = "the tool died of signal 9".to_owned();
    assert_eq!(
        scene.outcome(),
        Outcome::Crashed {
            what,
            survived: false
        }
    );
    scene.ends(Exit::Code(1), "", "no");
    assert!(matches!(scene.outcome(), Outcome::Refused { .. }));
}

#[test]
fn a_panic_is_one_only_with_its_stack() {
    let mut scene = Scene::new();
    scene.ends(
        Exit::Code(2),
        "",
        "noise\npanic: boom\n\ngoroutine 1 [running]:\nmain()\n",
    );
    let what = "panic: boom\n\ngoroutine 1 [running]:\nmain()".to_owned();
    assert_eq!(
        scene.outcome(),
        Outcome::Crashed {
            what,
            survived: false
        }
    );
    // By the same rule as a daemon's: what a client caught of its own server is one, too.
    scene.ends(
        Exit::Code(1),
        "",
        "http: panic serving @: boom\ngoroutine 5 [running]:\nmain()\n",
    );
    assert!(matches!(scene.outcome(), Outcome::Crashed { .. }));
    scene.ends(Exit::Code(1), "", "panic: is what I call this\n");
    assert_eq!(
        scene.outcome(),
        Outcome::Refused {
            reason: RefusalReason::Other,
            message: "panic: is what I call this".to_owned(),
        }
    );
}

#[test]
fn the_message_decides_and_what_stands_around_it_helps_out() {
    let mut scene = Scene::new();
    let reason = |scene: &Scene| match scene.outcome() {
        Outcome::Refused { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    let no_match = "no image found in image index for architecture amd64";
    scene.ends(
        Exit::Code(1),
        "",
        &format!("manifest unknown\nError: {no_match}\n"),
    );
    assert_eq!(reason(&scene), RefusalReason::NoMatch);
    scene.ends(Exit::Code(1), "", "manifest unknown\nError: giving up\n");
    assert_eq!(reason(&scene), RefusalReason::MissingContent);
    scene.ends(Exit::Code(1), &format!("{no_match}\n"), "");
    assert_eq!(reason(&scene), RefusalReason::NoMatch);
}

#[test]
fn who_never_asked_did_not_judge_the_index() {
    let mut scene = Scene::new();
    scene.requests.clear();
    scene.ends(Exit::Code(1), "", "unknown flag\n");
    scene.is_unmeasured(
        UnmeasuredWhy::EvidenceMissing,
        "the tool failed before it asked the registry: unknown flag",
    );
    // A full disk is trouble, whether or not it asked.
    scene.ends(Exit::Code(1), "", "no space left on device\n");
    scene.is_unmeasured(UnmeasuredWhy::HarnessTrouble, "no space left on device");
}

#[test]
fn success_without_an_image_is_nothing_unless_the_machine_failed() {
    let mut scene = Scene::new();
    scene.execution.materialised = RawObservation::Absent("the mount is empty".to_owned());
    assert_eq!(scene.outcome(), Outcome::Nothing);
    scene.execution.materialised = RawObservation::Absent("no space left on device".to_owned());
    scene.is_unmeasured(UnmeasuredWhy::HarnessTrouble, "no space left on device");
}

#[test]
fn an_image_without_layers_shows_nothing_and_is_picked_all_the_same() {
    let mut scene = Scene::new();
    scene.execution.materialised = RawObservation::Absent("layer not known".to_owned());
    for child in &mut scene.case.children {
        child.layers.clear();
    }
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("first"));
    let note = "`first` has no layers, so that there is nothing to see in it";
    assert_eq!(evidence.notes, [note]);

    // Who reports nothing, or never fetched it, has nothing.
    scene.requests.clear();
    assert_eq!(scene.outcome(), scene.mixed(&["first"]));
    scene.execution.reported = RawObservation::Absent(String::new());
    assert_eq!(scene.outcome(), Outcome::Nothing);

    // Who reports one of two has not said which.
    let config = scene.child("first").config.clone();
    scene.case.children[1].config.clone_from(&config);
    scene.execution.reported = seen([Identity::ConfigDigest(config.unwrap().to_string())]);
    assert_eq!(scene.outcome(), Outcome::Nothing);
}

#[test]
fn of_an_empty_image_what_is_reported_and_has_nothing_to_unpack_is_picked() {
    let mut scene = Scene::new();
    scene.execution.materialised = RawObservation::Empty("the mount is empty".to_owned());
    // It should have had something in it.
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.mixed(&["first"]));
    let note = "`first` has layers, and nothing is in what the tool has of it";
    assert_eq!(evidence.notes, [note]);

    // Its config has nothing unpacked: so it is with artifacts.
    scene.case.children[0].unpacked = Some(0);
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("first"));
    let note = "`first` has no layers to unpack, as its config says, so that there is nothing to see \
                in it";
    assert_eq!(evidence.notes, [note]);

    // A store that has both has only one that is empty.
    let stored = |scene: &Scene, names: &[&str]| {
        let digests = names.iter().flat_map(|name| {
            let child = scene.child(name);
            [
                child.manifest.to_string(),
                child.config.clone().unwrap().to_string(),
            ]
        });
        seen([Identity::Stored(digests.collect())])
    };
    scene.execution.reported = stored(&scene, &["second", "first"]);
    assert_eq!(scene.outcome(), scene.picked("first"));
    scene.execution.reported = stored(&scene, &["second"]);
    assert_eq!(scene.outcome(), scene.mixed(&["second"]));

    // An image without layers, which a tool reports in no other way than by what it has stored.
    scene.case.children[1].layers.clear();
    scene.requests = vec![request("GET", scene.child("second").manifest.as_str(), 200)];
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("second"));
    let note = "`second` has no layers, so that there is nothing to see in it";
    assert_eq!(evidence.notes, [note]);
    scene.execution.reported = RawObservation::Absent("no chain".to_owned());
    let words = "the tool does not report what it has: no chain";
    scene.is_unmeasured(UnmeasuredWhy::EvidenceMissing, words);
}

#[test]
fn that_a_marker_is_missing_says_something_only_of_who_has_one() {
    let mut scene = Scene::new();
    scene.execution.materialised = RawObservation::Unmarked("nobody can tell".to_owned());
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.mixed(&["first"]));
    let note = "`first` has a marker, and what is there has none";
    assert_eq!(evidence.notes, [note]);
    // Images of other people have none, and are good all the same.
    scene.case.children[0].marker = None;
    scene.is_unmeasured(UnmeasuredWhy::EvidenceMissing, "nobody can tell");
    let layer = scene.child("first").layers[0].diff_id.to_string();
    scene.execution.materialised = seen([Identity::ChainId(layer)]);
    assert_eq!(scene.outcome(), scene.picked("first"));
    // A label is another matter, and may be there without a marker.
    let label = scene.child("first").label.clone().unwrap();
    scene.execution.reported = seen([Identity::Label(label)]);
    assert_eq!(scene.outcome(), scene.picked("first"));
}

#[test]
fn of_a_tool_that_shows_no_content_report_and_requests_are_the_evidence() {
    let mut scene = Scene::new();
    scene.execution.materialised = RawObservation::NotShown("nobody may look".to_owned());
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("first"));
    let note = "by what the tool reports and what it fetched: nobody may look";
    assert_eq!(evidence.notes, [note]);
    scene.requests.clear();
    assert_eq!(scene.outcome(), scene.mixed(&["first"]));
    // An import sends none, and then a report is all there is.
    scene.operation = operations::named("import").unwrap();
    let words = "what the tool reports is all the evidence: nobody may look";
    scene.is_unmeasured(UnmeasuredWhy::EvidenceMissing, words);
}

#[test]
fn what_a_store_has_tells_apart_who_has_the_same_layers() {
    let mut scene = Scene::new();
    let first = scene.child("first").clone();
    let second = &mut scene.case.children[1];
    (second.layers, second.marker) = (first.layers.clone(), None);
    scene.case.children[0].marker = None;
    let chain = Identity::ChainId(first.layers[0].diff_id.to_string());
    scene.execution.materialised = seen([chain.clone()]);
    let second = scene.child("second").clone();
    let stored = [&second.manifest, second.config.as_ref().unwrap()].map(ToString::to_string);
    scene.execution.reported = seen([chain.clone(), Identity::Stored(stored.to_vec())]);
    scene.requests = vec![request("GET", second.manifest.as_str(), 200)];
    assert_eq!(scene.outcome(), scene.picked("second"));
    // A manifest without its config is not all of it.
    scene.execution.reported = seen([chain, Identity::Stored(vec![stored[0].clone()])]);
    scene.requests.clear();
    scene.is_unmeasured(
        UnmeasuredWhy::EvidenceMissing,
        "first and second cannot be told apart",
    );
}

#[test]
fn who_was_ended_for_what_it_printed_is_judged_by_nothing_else() {
    let mut scene = Scene::new();
    let why = UnmeasuredWhy::EvidenceMissing;
    scene.ends(Exit::OutputLimit, "", "Error: no match");
    scene.is_unmeasured(why, "the tool printed more than 64 MiB, and was ended");
    scene.ends(Exit::Code(1), "", "Error: connection reset");
    let words = "toold printed more than 64 MiB, and was ended";
    scene.execution.trouble = Some(HarnessError::Flooded(words.to_owned()));
    scene.is_unmeasured(why, words);
}

#[test]
fn on_a_full_disk_nobody_is_to_blame() {
    let mut scene = Scene::new();
    scene.ends(Exit::Code(1), "", "");
    scene.execution.trouble = Some(HarnessError::DiskFull);
    scene.execution.daemon_crash = Some(DaemonCrash {
        words: "toold exited with code 2".to_owned(),
        survived: false,
    });
    let words =
        "the disk with the private directories is full (hint: TMPDIR chooses another place)";
    scene.is_unmeasured(UnmeasuredWhy::HarnessTrouble, words);
}

#[test]
fn a_look_that_was_cut_short_does_not_say_that_there_is_nothing() {
    for (exit, what) in [
        (Exit::Deadline, "hung"),
        (Exit::OutputLimit, "printed more than 64 MiB, and was ended"),
    ] {
        let mut scene = Scene::new();
        let look = Ran::recorded(
            "tool look".into(),
            exit,
            Duration::from_millis(5),
            0,
            &scene.dir.path().join("1-tool"),
        );
        scene.execution.commands.push(look);
        // What was seen was seen.
        assert_eq!(scene.outcome(), scene.picked("first"));
        scene.execution.materialised = RawObservation::Absent(String::new());
        scene.is_unmeasured(
            UnmeasuredWhy::EvidenceMissing,
            &format!("nobody could look, because this {what}: tool look"),
        );
    }
}

#[test]
fn evidence_that_is_missing_is_no_verdict() {
    let why = UnmeasuredWhy::EvidenceMissing;
    let words = || "words".to_owned();
    let with_materialised = |looked| {
        let mut scene = Scene::new();
        scene.execution.materialised = looked;
        scene
    };
    with_materialised(RawObservation::Not).is_unmeasured(why, "nobody looked into the image");
    with_materialised(RawObservation::Failed(words())).is_unmeasured(why, "words");
    let with_reported = |looked| {
        let mut scene = Scene::new();
        scene.execution.reported = looked;
        scene
    };
    with_reported(RawObservation::Not).is_unmeasured(why, "the tool was not asked what it has");
    for looked in [
        RawObservation::Absent(words()),
        RawObservation::Failed(words()),
    ] {
        with_reported(looked).is_unmeasured(why, "the tool does not report what it has: words");
    }
}

#[test]
fn digests_of_nobody_name_nobody() {
    let mut scene = Scene::new();
    let index = Identity::ManifestDigest(scene.case.index.digest.to_string());
    let layers = Identity::LayerDigests(Vec::new());
    scene.execution.reported = seen([index.clone(), layers]);
    scene.is_unmeasured(
        UnmeasuredWhy::EvidenceMissing,
        "what was seen names none of the children",
    );
    // Beside a sign that names one they do no harm.
    scene.execution.reported = seen([index, scene.marker("first")]);
    assert_eq!(scene.outcome(), scene.picked("first"));
}

#[test]
fn signs_that_contradict_each_other_are_mixed() {
    let mut scene = Scene::new();
    scene.execution.materialised = seen([scene.marker("second")]);
    assert_eq!(scene.outcome(), scene.mixed(&["first", "second"]));
    // Within one look as well.
    let mut scene = Scene::new();
    scene.execution.reported = seen([scene.marker("first"), scene.marker("second")]);
    assert_eq!(scene.outcome(), scene.mixed(&["first", "second"]));
}

#[test]
fn the_marker_of_a_stranger_is_mixed() {
    let mut scene = Scene::new();
    scene.execution.materialised = seen([Identity::Marker("other/case amd64".to_owned())]);
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.mixed(&["first"]));
    assert_eq!(evidence.notes, ["not of this case: `other/case amd64`"]);
}

#[test]
fn what_was_never_fetched_was_never_picked() {
    let mut scene = Scene::new();
    let manifest = scene.child("first").manifest.to_string();
    let second = scene.child("second").manifest.to_string();
    for requests in [
        Vec::new(),
        vec![request("HEAD", &manifest, 200)],
        vec![request("GET", &manifest, 404)],
        vec![request("GET", "latest", 200), request("GET", &second, 200)],
    ] {
        scene.requests = requests;
        let (outcome, evidence) = scene.classify();
        assert_eq!(outcome, scene.mixed(&["first"]));
        assert_eq!(evidence.notes, ["`first` was never fetched in this trial"]);
    }
    // A part of it is enough: some tools take the rest from elsewhere.
    let layer = scene.child("first").layers[0].digest.to_string();
    scene.requests = vec![request("GET", &layer, 206)];
    assert_eq!(scene.outcome(), scene.picked("first"));
}

#[test]
fn content_that_an_earlier_trial_fetched_is_picked_and_noted() {
    let mut scene = Scene::new();
    scene.requests.clear();
    let config = scene.child("first").config.clone().unwrap();
    scene.fetched_before.insert(config.to_string());
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("first"));
    assert_eq!(
        evidence.notes,
        ["fetched in an earlier trial of this run, which shares this content"]
    );
}

#[test]
fn fetching_others_besides_is_noted() {
    let mut scene = Scene::new();
    let second = scene.child("second").manifest.to_string();
    scene.requests.push(request("GET", &second, 200));
    scene.later_requests = 2;
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("first"));
    assert_eq!(
        evidence.notes,
        [
            "also fetched the manifest of second",
            "2 request(s) reached the registry after the pull, while looking at the result",
        ]
    );
}

#[test]
fn children_that_look_alike_are_told_apart_by_the_requests_or_not_at_all() {
    let mut scene = Scene::new();
    let first = scene.child("first").clone();
    let manifests: Vec<String> = scene
        .case
        .children
        .iter()
        .map(|child| child.manifest.to_string())
        .collect();
    for child in &mut scene.case.children {
        (child.config, child.layers) = (first.config.clone(), first.layers.clone());
        child.marker.clone_from(&first.marker);
    }
    let config = Identity::ConfigDigest(first.config.clone().unwrap().to_string());
    scene.execution.reported = seen([config]);
    scene.requests = vec![request("GET", &manifests[1], 200)];
    let (outcome, evidence) = scene.classify();
    assert_eq!(outcome, scene.picked("second"));
    assert_eq!(
        evidence.notes,
        ["first and second are alike in what the store shows; the requests tell which it was"]
    );
    for requests in [
        Vec::new(),
        manifests
            .iter()
            .map(|digest| request("GET", digest, 200))
            .collect(),
    ] {
        scene.requests = requests;
        scene.is_unmeasured(
            UnmeasuredWhy::EvidenceMissing,
            "first and second cannot be told apart",
        );
    }
}

#[test]
fn the_evidence_keeps_the_end_of_long_words() {
    let mut scene = Scene::new();
    let lines: Vec<String> = (0..100).map(|n| format!("line {n}")).collect();
    scene.ends(Exit::Code(1), "", &lines.join("\n"));
    let tail = scene.classify().1.stderr_tail;
    assert!(
        tail.starts_with("line 88\n") && tail.ends_with("line 99"),
        "{tail}"
    );
    scene.ends(Exit::Code(1), "", &"x".repeat(100_000));
    assert_eq!(scene.classify().1.stderr_tail.len(), 4000);
}

#[test]
fn an_import_needs_no_requests_but_both_other_kinds_of_evidence() {
    let mut scene = Scene::new();
    scene.operation = operations::named("import").unwrap();
    scene.requests.clear();
    assert_eq!(scene.outcome().gist(), "first");
    scene.execution.materialised = RawObservation::Failed("x".to_owned());
    assert!(!scene.outcome().is_measured());
    let mut pull = Scene::new();
    pull.requests.clear();
    assert_eq!(pull.outcome().kind(), ocipick_records::OutcomeKind::Mixed);
}

#[test]
fn what_an_import_does_not_find_was_not_in_the_layout() {
    let mut scene = Scene::new();
    scene.tool = "containerd".parse().unwrap();
    let words = format!("content digest sha256:{}: not found", "0".repeat(64));
    scene.ends(Exit::Code(1), "", &words);
    let refused = |reason| Outcome::Refused {
        reason,
        message: words.clone(),
    };
    assert_eq!(scene.outcome(), refused(RefusalReason::NotFetched));
    scene.operation = operations::named("import").unwrap();
    scene.requests.clear();
    assert_eq!(scene.outcome(), refused(RefusalReason::MissingContent));
}

#[test]
fn a_refusal_over_what_the_registry_withheld_is_no_refusal() {
    let mut scene = Scene::new();
    let (there, layer) = (
        scene.child("first").manifest.to_string(),
        scene.child("first").layers[0].digest.to_string(),
    );
    let fails = |scene: &mut Scene, path: String| {
        scene.requests = vec![HttpRequest {
            path,
            ..request("GET", "x", 404)
        }];
        scene.ends(Exit::Code(1), "", "Error: manifest unknown");
    };
    let words =
        |digest: &str| format!("the registry answered 404 for {digest}, which the case has");
    for (path, digest) in [
        (format!("/manifests/{there}"), &there),
        (format!("/blobs/{layer}"), &layer),
    ] {
        fails(&mut scene, path);
        scene.is_unmeasured(UnmeasuredWhy::EvidenceMissing, &words(digest));
    }
    // A layer is no manifest to the registry of a case that has it as a blob only.
    let gone = format!("sha256:{}", "0".repeat(64));
    for path in [
        format!("/manifests/{layer}"),
        format!("/manifests/{gone}"),
        format!("/blobs/{gone}"),
        format!("/referrers/{there}"),
        "/manifests/latest".to_owned(),
    ] {
        fails(&mut scene, path);
        assert!(matches!(scene.outcome(), Outcome::Refused { .. }));
    }
    // In a layout every blob is served as a manifest, too.
    for blob in &mut scene.case.blobs {
        blob.media_type = Some("application/octet-stream".to_owned());
    }
    fails(&mut scene, format!("/manifests/{layer}"));
    scene.is_unmeasured(UnmeasuredWhy::EvidenceMissing, &words(&layer));
    // The case may want it to be withheld.
    let cases = CORPUS.cases().iter();
    let mut withheld = cases.filter_map(|case| {
        let fault = case.faults.iter().find(|fault| {
            let answer = fault.effects.answer.as_ref();
            answer.is_some_and(|it| it.status == 404)
        })?;
        Some((case, fault))
    });
    let (case, fault) = withheld.next().unwrap();
    scene.case = case.clone();
    fails(&mut scene, format!("/manifests/{}", fault.target));
    assert!(matches!(scene.outcome(), Outcome::Refused { .. }));
    // But only that, and only with this answer.
    let place = case.faults.iter().position(|it| it == fault).unwrap();
    scene.case.faults[place]
        .effects
        .answer
        .as_mut()
        .unwrap()
        .status = 500;
    scene.is_unmeasured(
        UnmeasuredWhy::EvidenceMissing,
        &words(fault.target.as_str()),
    );
    scene.case = case.clone();
    let others = scene
        .case
        .children
        .iter()
        .map(|child| child.manifest.clone());
    let other = others.chain([scene.case.index.digest.clone()]);
    let other = other.into_iter().find(|it| *it != fault.target).unwrap();
    fails(&mut scene, format!("/manifests/{other}"));
    scene.is_unmeasured(UnmeasuredWhy::EvidenceMissing, &words(other.as_str()));
}
