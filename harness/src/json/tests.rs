use super::*;
use crate::inventory::Inventory;
use ocipick_adapters::{
    GoError, GoOutcome, Missing, Service,
    channel::{
        InstallError, Installed, InstalledChannel, PackageRecord, ProvisioningRecord, Store,
    },
};
use ocipick_corpus::Corpus;
use ocipick_records::Outcome;
use schema::holds;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

#[path = "../../tests/support/schema.rs"]
mod schema;

/// The schema of the document of this name, and the document.
fn satisfies(name: &str, document: &impl Serialize) {
    let all = schemas();
    let of = |(path, _): &&(&str, String)| path.ends_with(&format!("/{name}.schema.json"));
    let (_, text) = all.iter().find(of).unwrap();
    holds(text, &serde_json::to_value(document).unwrap());
}

#[test]
fn schemas_are_published_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/matrix.md")).unwrap();
    for (path, text) in schemas() {
        assert!(
            page.contains(&format!("(../{path})")),
            "docs/matrix.md lacks {path}"
        );
        let published = fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(published == text, "{path} is stale (hint: make generate)");
    }
    let there = fs::read_dir(root.join("harness/schema")).unwrap();
    let made = schemas();
    for file in there {
        let name = format!("harness/schema/{}", file.unwrap().file_name().display());
        assert!(
            made.iter().any(|(path, _)| *path == name),
            "{name} is of nothing"
        );
    }
}

#[test]
fn documents_of_the_corpus_are_as_their_schemas_say() {
    let corpus = Corpus::built_in().unwrap();
    let two = corpus.get_by_any_id("duplicates/two-entries").unwrap();
    satisfies("cases", &CaseList::of(corpus.cases().iter().take(3)));
    satisfies("show", &CaseInFull::of(two));
    satisfies("corpus-build", &BuiltCorpus::of(Path::new("out"), [two]));
    satisfies("corpus-push", &PushedCase::accepted(two, "localhost/a:b"));
    satisfies("corpus-push", &PushedCase::refused(two, "manifest: 400"));
    let served = [(two, "127.0.0.1:1/a:b".to_owned())];
    satisfies("serve", &ServedReferences::of(served));
    let wrong = corpus
        .get_by_any_id("duplicates/wrong-size-oci-small")
        .unwrap();
    let breaches = wrong.breaches();
    assert!(!breaches.is_empty());
    let mistakes = ["a mistake".to_owned()];
    let cases = [
        CheckedCaseRecord::of("a/b", "a/b.toml", &breaches, None),
        CheckedCaseRecord::of("a/c", "a/c", &[], Some(1)),
    ];
    satisfies("check", &CheckedCorpus::of(cases, &mistakes));
}

fn channel() -> InstalledChannel {
    let package = PackageRecord {
        version: "0.20.3+ds1-1".to_owned(),
        sha256: "ab".to_owned(),
        suite: None,
        built_using: BTreeMap::new(),
    };
    InstalledChannel {
        record: ProvisioningRecord {
            name: "sid".to_owned(),
            base: None,
            tools: vec!["crane".to_owned(), "unknown".to_owned()],
            auxiliary_tools: vec!["runc".to_owned()],
            inherits: Vec::new(),
            lacks: vec!["docker".to_owned()],
            packages: BTreeMap::from([(
                "golang-github-google-go-containerregistry".to_owned(),
                package,
            )]),
            bootstrapper: "mmdebstrap 1".to_owned(),
            expired: Some("3 days".to_owned()),
            files: None,
            bytes: Some(1),
        },
        root: PathBuf::from("/nowhere"),
    }
}

#[test]
fn documents_of_runtimes_and_channels_are_as_their_schemas_say() {
    let mut plan = crate::run::plan_of_one_case(|_| {});
    let runtime = &mut plan.runtimes[0];
    runtime.versions.insert("client", "crane 1".to_owned());
    runtime.notes.push("a note".to_owned());
    runtime.service = Service::Private;
    let linked = ocipick_records::Linked {
        go: Some("1.27".to_owned()),
        libraries: BTreeMap::from([("go-containerregistry".to_owned(), "0.20".to_owned())]),
        source: ocipick_records::LinkedSource::BuiltUsing,
    };
    runtime.origin.linked.insert("client", linked);
    let inventory = Inventory {
        runtimes: plan.runtimes,
        missing: vec![Missing {
            tool: "docker".parse().unwrap(),
            flavour: None,
            channel: "path".to_owned(),
            why: "it is not there".to_owned(),
            remedy: "install it".to_owned(),
        }],
        ..Inventory::default()
    };
    satisfies("runtimes", &RuntimeList::of(&inventory));

    let broken = ocipick_adapters::channel::StoreError::Broken {
        name: "old".to_owned(),
        path: PathBuf::from("/nowhere/channel.json"),
        what: "no record".to_owned(),
    };
    let channels = [
        ("sid".to_owned(), Ok(Some(channel()))),
        ("gone".to_owned(), Ok(None)),
        ("old".to_owned(), Err(broken)),
    ];
    let half = ListedRelease::Broken {
        name: "crane@v0.22.1".to_owned(),
        broken: "no record".to_owned(),
    };
    satisfies("channels", &ChannelList::of(channels, vec![half], 1));
    let installed = Installed {
        channel: channel(),
        lacks: Vec::new(),
        took: None,
    };
    let (sid, trixie) = ("sid".parse().unwrap(), "trixie".parse().unwrap());
    let error = InstallError::NoBootstrapper;
    let done = [(&sid, Ok(&installed)), (&trixie, Err(&error))];
    satisfies("channel-install", &InstalledChannels::of(done, &[no_go()]));
    satisfies("channel-remove", &RemovedChannels::of(vec!["sid"], true));
    satisfies(
        "channel-check",
        &ChannelFinding::of("sid", true, "crane starts"),
    );
}

/// What becomes of a release where there is no Go.
fn no_go() -> GoOutcome {
    GoOutcome {
        name: "crane@v0.22.1".to_owned(),
        result: Err(GoError::NoGo),
    }
}

/// A record as the provider writes it, from a store.
#[test]
fn releases_are_listed_as_their_schema_says() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("channels/go/crane/v0.22.1");
    fs::create_dir_all(&place).unwrap();
    let record = r#"{"tool": "crane", "module": "example.test/m", "version": "v0.22.1", "sum": "h1:x",
        "go": "1.26.8", "tags": [], "cgo": false, "how": "install", "libraries": {"oras-go": "2.6.0"},
        "pins": [{"library": "a", "pinned": "v1.0.0", "linked": "v1.0.5"}], "seconds": 1.5, "bytes": 7,
        "sha256": {"crane": "ab"}}"#;
    fs::write(place.join("channel.json"), record).unwrap();
    let list = ChannelList::of_store(&Store::at(dir.path()));
    satisfies("channels", &list);
    let value = serde_json::to_value(&list).unwrap();
    let release = &value["releases"][0];
    assert_eq!(release["name"], "crane@v0.22.1");
    assert_eq!(release["other_than_pinned"][0]["linked"], "v1.0.5");
}

#[test]
fn a_bisection_is_as_its_schema_says() {
    let mut report =
        BisectionReport::of("crane", "a/b", "default", "pull", vec!["v1.0.0".to_owned()]);
    let step = |outcome, skipped| BisectionStep {
        release: "v1.0.0".to_owned(),
        outcome,
        skipped,
        built_seconds: Some(1.5),
    };
    report.steps = vec![
        step(Some(Outcome::Nothing), None),
        step(None, Some("does not build".to_owned())),
    ];
    satisfies("bisect", &report);
    report.change = Some(ReleaseChange {
        before: "v1.0.0".to_owned(),
        after: "v1.2.0".to_owned(),
        from: Outcome::Nothing,
        to: Outcome::TimedOut { after_ms: 1 },
        skipped: vec!["v1.1.0".to_owned()],
    });
    report.others.extend(report.change.clone());
    satisfies("bisect", &report);
}
