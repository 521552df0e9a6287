use super::*;
use crate::{
    embargo::Policy,
    results::{
        Command, Exit, Outcome, RefusalReason, Request,
        made::{results, trial},
    },
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
        trial("podman@1", "a/a", crashed),
    ]);
    results.trials[0].evidence.commands = vec![Command {
        line: "chroot /home/me crane pull".into(),
        exit: Exit::Code(1),
        duration_ms: 3,
    }];
    results.trials[0].evidence.requests = vec![Request {
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
    let withheld = slim(&mut all, Policy::built_in().unwrap());
    assert_eq!(withheld.len(), 1);
    let text = lines(&all[0]);
    for gone in ["boom", "/home/me", "ocipick-", "\"at_ms\":7", "*/*"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert!(text.contains("open /…/r0/store: no; /…"), "{text}");
    let once = all.clone();
    assert!(slim(&mut all, Policy::built_in().unwrap()).is_empty());
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
    assert_eq!(read, measured());
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
