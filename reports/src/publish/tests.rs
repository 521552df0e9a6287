use super::*;
use crate::{
    analysis::embargo::EmbargoPolicy,
    made::{results, trial},
};
use ocipick_records::{
    Command, Exit, HttpRequest, MissingRecord, Observation, Observed, Outcome, Private, Provenance,
    RefusalReason, RuntimeRecord,
};

fn measured() -> Results {
    let refused = Outcome::Refused {
        reason: RefusalReason::Other,
        message: "open /tmp/ocipick-aB3x/r0/store: no; /tmp/ocipick-Z".into(),
    };
    let crashed = Outcome::Crashed {
        what: "boom".into(),
        survived: false,
    };
    let mut results = results(vec![
        trial("crane@1", "a/a", refused),
        trial("podman@1", "b/b", crashed),
    ]);
    results.trials[0].evidence.commands = vec![Command {
        line: "chroot /home/me crane pull".into(),
        exit: Exit::Code(1),
        duration_ms: 3,
    }];
    results.trials[0].evidence.requests = vec![HttpRequest {
        method: "GET".into(),
        path: "/manifests/latest".into(),
        status: 200,
        bytes: 1,
        at_ms: 7,
        user_agent: None,
        accept: Some("*/*".into()),
        range: None,
    }];
    results
}

#[test]
fn what_is_published_names_no_machine_and_no_secret() {
    let mut all = [measured()];
    let withheld = slim(&mut all, EmbargoPolicy::built_in().unwrap());
    assert_eq!(withheld.len(), 1);
    let text = lines(&all[0]);
    for gone in ["boom", "/home/me", "ocipick-", "\"at_ms\":7", "*/*"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert!(text.contains("open <run>/r0/store: no; <run>"), "{text}");
    let once = all.clone();
    assert!(slim(&mut all, EmbargoPolicy::built_in().unwrap()).is_empty());
    assert_eq!(all, once);
}

#[test]
fn packed_results_read_back_and_are_the_same_each_time() {
    let text = lines(&measured());
    let packed = pack(text.as_bytes());
    assert_eq!(packed, pack(text.as_bytes()));
    assert!(packed.len() < text.len());
    assert_eq!(unpack(packed.clone()).unwrap(), text.as_bytes());
    assert_eq!(unpack(text.clone().into_bytes()).unwrap(), text.as_bytes());
    let read = Results::parse(&unpack(packed.clone()).unwrap()).unwrap();
    let written = Results {
        supplied_tools: Vec::new(),
        ..measured()
    };
    assert_eq!(read, written);
    assert!(unpack(packed[..packed.len() / 2].to_vec()).is_err());
}

#[test]
fn an_excerpt_stands_between_its_marks() {
    let readme = format!("a\n{BEGIN}\nold\n{END}\nb\n");
    let put_once = put(&readme, "new").unwrap();
    assert_eq!(put_once, format!("a\n{BEGIN}\nnew\n{END}\nb\n"));
    assert_eq!(put(&put_once, "new").unwrap(), put_once);
    assert_eq!(put("nothing", "new"), None);
}

#[test]
fn results_of_several_operations_have_names_of_their_own() {
    let of = |operations: &[&str]| {
        let mut results = measured();
        results.header.operations = operations.iter().map(|&it| it.to_owned()).collect();
        results
    };
    let all = [
        of(&["import"]),
        of(&["pull"]),
        of(&["pull"]),
        of(&["pull", "import"]),
    ];
    let names = data_names(&all);
    assert_eq!(
        names,
        [
            "results.jsonl.gz",
            "results-pull.jsonl.gz",
            "results-pull-2.jsonl.gz",
            "results-pull-import.jsonl.gz"
        ]
    );
    assert!(names.iter().all(|name| is_data(name)));
    assert!(!is_data("summary.json") && !is_data("site.tar.gz"));
}

/// Whatever is in the record of a run, no text of it is published, wherever it stands.
#[test]
fn no_text_of_what_is_published_names_the_machine() {
    let private = Private {
        directories: [
            ("run", "/srv/alice-secret/tmp/ocipick-Ab3dE9"),
            ("tmp", "/srv/alice-secret/tmp"),
            ("home", "/people/alice"),
        ]
        .map(|(what, dir)| (what.to_owned(), vec![dir.to_owned()]))
        .into(),
        names: [("host", "wonderland"), ("user", "alice")]
            .map(|(what, name)| (what.to_owned(), name.to_owned()))
            .into(),
    };
    let words = "at /srv/alice-secret/tmp/ocipick-Ab3dE9/x of alice on wonderland, /people/alice/y, \
                 http://%2Fpeople%2Falice%2Fs";
    let mut results = measured();
    results.header.private = Some(private.clone());
    results.header.corpus.source = "/people/alice/layouts".into();
    results.header.missing = vec![MissingRecord {
        tool: "crane".into(),
        flavour: None,
        channel: "path".into(),
        why: words.into(),
        remedy: words.into(),
    }];
    results.header.runtimes = vec![RuntimeRecord {
        id: "crane@1".into(),
        tool: "crane".into(),
        version: "1".into(),
        flavour: None,
        channel: "path".into(),
        provenance: Provenance {
            binaries: [("client".to_owned(), "/people/alice/bin/crane".to_owned())].into(),
            notes: vec![words.into()],
            ..Provenance::default()
        },
        unmeasured: Some(words.into()),
    }];
    let trial = &mut results.trials[0];
    trial.evidence.stderr_tail = words.into();
    trial.evidence.notes = vec![words.into()];
    trial.evidence.reported = Observation::Failed {
        trouble: words.into(),
    };
    trial.evidence.materialised = Observation::Absent {
        words: words.into(),
    };
    trial.outcome = Outcome::Unstable {
        observed: vec![Observed {
            outcome: Box::new(Outcome::Refused {
                reason: RefusalReason::Other,
                message: words.into(),
            }),
            count: 2,
        }],
    };
    let mut all = [results];
    assert!(!private_places(&lines(&all[0]), &private).is_empty());
    slim(&mut all, EmbargoPolicy::built_in().unwrap());
    let text = lines(&all[0]);
    assert_eq!(
        private_places(&text, &private),
        Vec::<String>::new(),
        "{text}"
    );
    assert!(
        !text.contains("alice") && !text.contains("ocipick-A"),
        "{text}"
    );
    assert!(text.contains("at <run>/x of <user> on <host>, <home>/y, http://<home>%2Fs"));
    let once = all.clone();
    slim(&mut all, EmbargoPolicy::built_in().unwrap());
    assert_eq!(all, once);
}
