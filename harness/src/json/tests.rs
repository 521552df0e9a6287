use super::*;
use crate::inventory::Inventory;
use ocipick_adapters::{
    Missing, Service,
    channel::{InstallError, Installed, InstalledChannel, PackageRecord, ProvisioningRecord},
};
use ocipick_corpus::Corpus;
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
    satisfies("channels", &ChannelList::of(channels, 1));
    let installed = Installed {
        channel: channel(),
        lacks: Vec::new(),
        took: None,
    };
    let (sid, trixie) = ("sid".parse().unwrap(), "trixie".parse().unwrap());
    let error = InstallError::NoBootstrapper;
    let done = [(&sid, Ok(&installed)), (&trixie, Err(&error))];
    satisfies("channel-install", &InstalledChannels::of(done));
    satisfies("channel-remove", &RemovedChannels::of(vec!["sid"], true));
    satisfies(
        "channel-check",
        &ChannelFinding::of("sid", true, "crane starts"),
    );
}
