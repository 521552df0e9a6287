use super::*;
use ocipick_records::{
    ArchiveRecord, ChannelRecord, CorpusStamp, Evidence, Host, Private, Provenance, ReadErrorKind,
    RuntimeRecord, SCHEMA, UnmeasuredWhy,
};
use std::collections::BTreeMap;
use tempfile::TempDir;

fn header() -> Header {
    Header {
        schema: SCHEMA.to_owned(),
        ocipick: "1.2.3".to_owned(),
        started: "2026-01-01T00:00:00Z".to_owned(),
        corpus: CorpusStamp {
            digest: "sha256:aa".to_owned(),
            cases: 3,
            source: CorpusStamp::BUILT_IN.into(),
            content: BTreeMap::new(),
        },
        host: Host {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            distribution: "none".to_owned(),
            kernel: "6".to_owned(),
            cpus: 1,
            cpu_level: None,
            cgroup: None,
        },
        private: None,
        runtimes: vec![runtime("skopeo@1.0", "path")],
        tools: Vec::new(),
        missing: Vec::new(),
        channels: vec![sid("1.0-1")],
        operations: vec!["pull".to_owned()],
        planned: 3,
        repeats: None,
    }
}

fn sid(skopeo: &str) -> ChannelRecord {
    let archive = ArchiveRecord {
        version: skopeo.to_owned(),
        sha256: "aa".to_owned(),
        suite: None,
    };
    ChannelRecord {
        name: "sid".to_owned(),
        base: None,
        packages: [("skopeo".to_owned(), archive)].into(),
        bootstrapper: "mmdebstrap 1.3.5".to_owned(),
        expired: None,
    }
}

fn runtime(id: &str, channel: &str) -> RuntimeRecord {
    RuntimeRecord {
        id: id.to_owned(),
        tool: "skopeo".to_owned(),
        version: "1.0".to_owned(),
        flavour: None,
        channel: channel.to_owned(),
        provenance: Provenance::default(),
        unmeasured: None,
    }
}

fn trial(case: &str) -> Trial {
    Trial {
        case: case.to_owned(),
        runtime: "skopeo@1.0".to_owned(),
        tool: "skopeo".to_owned(),
        version: "1.0".to_owned(),
        flavour: None,
        channel: "path".to_owned(),
        operation: "pull".to_owned(),
        platform: "linux/amd64".to_owned(),
        outcome: Outcome::Nothing,
        evidence: Evidence::default(),
        duration_ms: 1,
        tries: 1,
        derived: None,
    }
}

/// What a run that recorded these cases has left.
fn recorded(cases: &[&str]) -> Earlier {
    let cell = |case: &&str| (Cell::of_trial(&trial(case)), Outcome::Nothing);
    Earlier {
        recorded: cases.iter().map(cell).collect(),
        ..Earlier::default()
    }
}

/// A cell that is tried once, as the runner shows it.
fn add(writer: &Writer, case: &str) {
    let tried = Attempt {
        round: 1,
        trial: trial(case),
    };
    add_try(writer, &tried);
    writer
        .see(&Event::TrialEnded {
            trial: &tried.trial,
        })
        .unwrap();
}

fn add_try(writer: &Writer, tried: &Attempt) {
    let event = Event::TryEnded {
        index: 0,
        tried,
        tools: Duration::from_millis(7),
        own: Duration::from_millis(2),
    };
    writer.see(&event).unwrap();
}

const PEAKS: Peaks = Peaks {
    memory: Some(1 << 30),
    disk: None,
};

/// A run of three trials that ended after two.
fn cut_short() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::begin(dir.path(), &header()).unwrap();
    add(&writer, "a/a");
    add(&writer, "a/b");
    dir
}

fn read(dir: &TempDir) -> Results {
    Results::read(&dir.path().join(FILE)).unwrap()
}

fn cases(results: &Results) -> Vec<&str> {
    results
        .trials
        .iter()
        .map(|trial| trial.case.as_str())
        .collect()
}

/// What is published is cleaned by what is recorded here.
#[test]
fn a_resumed_run_records_where_it_ran_each_time() {
    let on = |dir: &str, host: &str| Header {
        private: Some(Private {
            directories: BTreeMap::from([("run".to_owned(), vec![dir.to_owned()])]),
            names: BTreeMap::from([("host".to_owned(), host.to_owned())]),
        }),
        ..header()
    };
    let dir = TempDir::new().unwrap();
    let writer = Writer::begin(dir.path(), &on("/a/ocipick-000001", "one")).unwrap();
    add(&writer, "a/a");
    drop(writer);
    for (at, host) in [("/a/ocipick-000002", "one"), ("/b/ocipick-000003", "two")] {
        drop(Writer::resume(dir.path(), &on(at, host)).unwrap());
    }
    let results = read(&dir);
    assert_eq!(cases(&results), ["a/a"]);
    let private = results.header.private.unwrap();
    assert_eq!(
        private.directories["run"],
        [
            "/a/ocipick-000001",
            "/a/ocipick-000002",
            "/b/ocipick-000003"
        ]
    );
    let names: Vec<(&str, &str)> = private
        .names
        .iter()
        .map(|(what, name)| (what.as_str(), name.as_str()))
        .collect();
    assert_eq!(names, [("host", "one"), ("host-2", "two")]);
}

/// Goes on, runs the third trial, and finishes.
#[track_caller]
fn goes_on(dir: &TempDir, done: &[&str], then: &[&str]) {
    let (writer, found) = Writer::resume(dir.path(), &header()).unwrap();
    assert_eq!(found, recorded(done));
    for case in then {
        add(&writer, case);
    }
    let ended = "2026-01-01T01:00:00Z".to_owned();
    writer.finish(ended, PEAKS).unwrap();
    let results = read(dir);
    assert_eq!(cases(&results), ["a/a", "a/b", "a/c"]);
    let footer = results.footer.clone().unwrap();
    assert_eq!((footer.trials, results.torn), (3, false));
    let expected = 7 * u64::try_from(then.len()).unwrap();
    assert_eq!(footer.tools_ms, expected, "of this part of the run");
    assert_eq!(footer.own_ms, Some(expected / 7 * 2));
    assert_eq!(
        (footer.peak_memory_bytes, footer.peak_disk_bytes),
        (PEAKS.memory, None)
    );
    assert_eq!(
        footer.outcomes,
        Footer::count(results.trials.iter().map(|t| &t.outcome))
    );
}

#[test]
fn every_record_is_whole_before_the_next() {
    let dir = cut_short();
    let results = read(&dir);
    assert_eq!(
        (cases(&results), results.is_finished()),
        (vec!["a/a", "a/b"], false)
    );
    assert_eq!(results.header, header());
}

#[test]
fn an_unfinished_run_goes_on() {
    goes_on(&cut_short(), &["a/a", "a/b"], &["a/c"]);
}

#[test]
fn a_run_goes_on_from_wherever_its_last_line_was_cut() {
    let whole = {
        let dir = cut_short();
        fs::read(dir.path().join(FILE)).unwrap()
    };
    let second = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    for length in second..whole.len() {
        let dir = cut_short();
        fs::write(dir.path().join(FILE), &whole[..length]).unwrap();
        // All but the line end is a record.
        if length == whole.len() - 1 {
            goes_on(&dir, &["a/a", "a/b"], &["a/c"]);
        } else {
            goes_on(&dir, &["a/a"], &["a/b", "a/c"]);
        }
    }
}

#[track_caller]
fn differs(dir: &TempDir, header: &Header, words: &str) {
    let before = fs::read(dir.path().join(FILE)).unwrap();
    match Writer::resume(dir.path(), header) {
        Err(WriteError::Different { what, .. }) => assert_eq!(what, words),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it went on"),
    }
    assert_eq!(
        fs::read(dir.path().join(FILE)).unwrap(),
        before,
        "the file was changed"
    );
}

#[test]
fn another_run_is_not_gone_on_with() {
    let dir = cut_short();
    let mut other = header();
    other.corpus.digest = "sha256:bb".to_owned();
    differs(
        &dir,
        &other,
        "its corpus is sha256:aa, and now it is sha256:bb",
    );
    let mut other = header();
    other.ocipick = "2.0.0".to_owned();
    differs(
        &dir,
        &other,
        "its version of ocipick is 1.2.3, and now it is 2.0.0",
    );
    for runtimes in [
        vec![runtime("skopeo@1.1", "path")],
        vec![runtime("skopeo@1.0", "trixie")],
        vec![runtime("skopeo@1.0", "path"), runtime("crane@1.0", "path")],
        Vec::new(),
    ] {
        let other = Header {
            runtimes,
            ..header()
        };
        differs(&dir, &other, "it measured other runtimes: skopeo@1.0");
    }
    let other = Header {
        channels: vec![sid("1.0-2")],
        ..header()
    };
    differs(
        &dir,
        &other,
        "its channel sid was provisioned anew since then",
    );
    // What is not part of the measurement may differ.
    let mut later = header();
    later.started = "2026-02-02T00:00:00Z".to_owned();
    later.host.kernel = "7".to_owned();
    assert!(Writer::resume(dir.path(), &later).is_ok());
}

#[test]
fn a_finished_run_is_not_gone_on_with() {
    let dir = cut_short();
    goes_on(&dir, &["a/a", "a/b"], &["a/c"]);
    differs(
        &dir,
        &header(),
        "that run is finished, and trouble kept no cell from being measured",
    );
}

#[test]
fn there_must_be_something_to_go_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let error = |dir: &Path| match Writer::resume(dir, &header()) {
        Err(WriteError::Resume(error)) => error.kind,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it went on"),
    };
    let out = dir.path().join("out");
    assert!(matches!(error(&out), ReadErrorKind::Io(_)));
    assert!(!out.exists(), "nothing is made for it");
    fs::write(dir.path().join(FILE), "").unwrap();
    assert!(matches!(error(dir.path()), ReadErrorKind::Empty));
    fs::write(dir.path().join(FILE), "once upon a time\n").unwrap();
    assert!(matches!(
        error(dir.path()),
        ReadErrorKind::Line { line: 1, .. }
    ));
}

#[test]
fn two_writers_do_not_share_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let first = Writer::begin(dir.path(), &header()).unwrap();
    add(&first, "a/a");
    assert!(matches!(
        Writer::begin(dir.path(), &header()),
        Err(WriteError::Busy(_))
    ));
    assert!(matches!(
        Writer::resume(dir.path(), &header()),
        Err(WriteError::Busy(_))
    ));
    add(&first, "a/b");
    assert_eq!(cases(&read(&dir)), ["a/a", "a/b"]);
    drop(first);
    let second = Writer::begin(dir.path(), &header()).unwrap();
    assert_eq!(cases(&read(&dir)), Vec::<&str>::new());
    drop(second);
}

/// Begins in a directory, and must be refused in these words; what is there must stay as it is.
#[track_caller]
fn is_refused(dir: &Path, words: &str) {
    for begin in [true, false] {
        let error = if begin {
            Writer::begin(dir, &header()).err()
        } else {
            Writer::resume(dir, &header()).err()
        };
        let error = error.expect("it began").to_string();
        assert!(error.contains(words) || !begin, "{error}");
    }
}

#[test]
fn what_is_not_ours_is_neither_overwritten_nor_followed_nor_waited_for() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let thesis = dir.path().join("thesis");
    let place = |name: &str| {
        let place = dir.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    fs::write(&thesis, "my thesis").unwrap();
    let foreign = place("foreign");
    fs::copy(&thesis, foreign.join(FILE)).unwrap();
    is_refused(
        &foreign,
        "it is no results file of ocipick; nothing was written",
    );
    assert_eq!(fs::read(foreign.join(FILE)).unwrap(), b"my thesis");
    let linked = place("linked");
    symlink("../thesis", linked.join(FILE)).unwrap();
    is_refused(&linked, "it is a symbolic link");
    symlink("../made", place("dangling").join(FILE)).unwrap();
    is_refused(&dir.path().join("dangling"), "it is a symbolic link");
    assert!(!dir.path().join("made").exists());
    let fifo = place("fifo");
    let mode = nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR;
    nix::unistd::mkfifo(&fifo.join(FILE), mode).unwrap();
    is_refused(&fifo, "it is no regular file");
    // Nor what lies beside the results.
    for (name, words) in [
        ("tries.jsonl", "it is no file of tries of ocipick"),
        ("results.previous.jsonl", "it is no results file of ocipick"),
        (".results.new.jsonl", "is no results file of ocipick"),
    ] {
        let place = place(name);
        drop(Writer::begin(&place, &header()).unwrap());
        fs::copy(&thesis, place.join(name)).unwrap();
        let error = Writer::begin(&place, &header()).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(fs::read(place.join(name)).unwrap(), b"my thesis");
        assert!(Results::read(&place.join(FILE)).is_ok());
    }
    let tries = place("tries-linked");
    symlink("../thesis", tries.join("tries.jsonl")).unwrap();
    let every = with_repeats();
    assert!(Writer::begin(&tries, &every).is_err());
    assert_eq!(fs::read(&thesis).unwrap(), b"my thesis");
    // A link to a directory is what the user says.
    symlink("there", dir.path().join("to-there")).unwrap();
    place("there");
    assert!(Writer::begin(&dir.path().join("to-there"), &header()).is_ok());
}

fn with_repeats() -> Header {
    Header {
        repeats: Some(Repeats {
            tries: 2,
            of: RepeatedCells::Every,
            seed: 1,
        }),
        ..header()
    }
}

#[test]
fn results_that_were_there_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::begin(dir.path(), &header()).unwrap();
    assert_eq!(writer.previous(), None);
    add(&writer, "a/a");
    drop(writer);
    let kept = dir.path().join("results.previous.jsonl");
    for (finished, case) in [(false, "a/b"), (true, "a/c")] {
        let before = fs::read(dir.path().join(FILE)).unwrap();
        let writer = Writer::begin(dir.path(), &header()).unwrap();
        let previous = writer.previous().unwrap().clone();
        assert_eq!(
            (previous.path.as_path(), previous.finished),
            (&*kept, finished)
        );
        assert_eq!(fs::read(&kept).unwrap(), before);
        add(&writer, case);
        writer
            .finish("2026-01-01T01:00:00Z".to_owned(), PEAKS)
            .unwrap();
    }
    assert_eq!(cases(&read(&dir)), ["a/c"]);
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["results.jsonl", "results.previous.jsonl"]);
}

#[test]
fn what_trouble_kept_from_being_measured_can_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = |why| Outcome::Unmeasured {
        why,
        detail: "x".to_owned(),
    };
    let write = |writer: &Writer, case: &str, outcome: Outcome| {
        let trial = Trial {
            outcome,
            ..trial(case)
        };
        writer.see(&Event::TrialEnded { trial: &trial }).unwrap();
    };
    let writer = Writer::begin(dir.path(), &header()).unwrap();
    add(&writer, "a/a");
    write(&writer, "a/b", outcome(UnmeasuredWhy::HarnessTrouble));
    write(&writer, "a/c", outcome(UnmeasuredWhy::Unsupported));
    writer
        .finish("2026-01-01T01:00:00Z".to_owned(), PEAKS)
        .unwrap();
    drop(writer);
    let (writer, earlier) = Writer::resume(dir.path(), &header()).unwrap();
    assert_eq!(earlier.troubled, 1);
    let done: Vec<&str> = earlier
        .recorded
        .keys()
        .map(|cell| cell.case.as_str())
        .collect();
    assert_eq!(done, ["a/a", "a/c"]);
    assert!(!read(&dir).is_finished(), "nobody may take it for whole");
    assert!(matches!(
        Writer::begin(dir.path(), &header()),
        Err(WriteError::Busy(_))
    ));
    add(&writer, "a/b");
    writer
        .finish("2026-01-01T02:00:00Z".to_owned(), PEAKS)
        .unwrap();
    drop(writer);
    let results = read(&dir);
    assert_eq!(cases(&results), ["a/a", "a/c", "a/b"]);
    assert_eq!(results.footer.unwrap().trials, 3);
    // Then there is nothing left to do.
    differs(
        &dir,
        &header(),
        "that run is finished, and trouble kept no cell from being measured",
    );
}

#[test]
fn where_nothing_can_be_made_nothing_begins() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Writer::begin(&file, &header()).err().unwrap();
    assert!(matches!(error, WriteError::Open { .. }), "{error}");
    assert!(error.to_string().contains("(hint: --out DIR"), "{error}");
}

/// Calls `test` with a directory on a file system of 64 KiB that only this thread sees.
fn on_a_tiny_disk(test: impl FnOnce(&Path) + Send) {
    use nix::{
        mount::{MsFlags, mount},
        sched::{CloneFlags, unshare},
    };
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let none = None::<&str>;
            let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
            let made = unshare(CloneFlags::CLONE_NEWNS)
                .and_then(|()| mount(none, "/", none, private, none))
                .and_then(|()| {
                    let size = Some("size=64k");
                    mount(
                        Some("tmpfs"),
                        dir.path(),
                        Some("tmpfs"),
                        MsFlags::empty(),
                        size,
                    )
                });
            match made {
                Ok(()) => test(dir.path()),
                Err(error) => {
                    // Past the capture of the test harness, so that it shows.
                    let _ = writeln!(io::stderr(), "SKIPPED: a full disk: no tiny one: {error}");
                }
            }
        });
    });
}

#[test]
fn a_full_disk_ends_the_run_and_keeps_what_was_recorded() {
    on_a_tiny_disk(|disk| {
        let writer = Writer::begin(disk, &header()).unwrap();
        let mut written = Vec::new();
        let error = loop {
            let trial = trial(&format!("a/{}", written.len()));
            match writer.trial(&trial) {
                Ok(()) => written.push(trial.case),
                Err(error) => break error,
            }
            assert!(written.len() < 10_000, "the disk is never full");
        };
        let WriteError::Record { source, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert!(
            error.to_string().contains("`--resume` goes on from there"),
            "{error}"
        );
        // As the runner sees it.
        let event = Event::TrialEnded {
            trial: &trial("a/last"),
        };
        let seen = writer.see(&event).unwrap_err();
        assert!(
            seen.to_string()
                .contains("what was recorded until now is kept"),
            "{seen}"
        );
        drop(writer);
        let results = Results::read(&disk.join(FILE)).unwrap();
        assert_eq!(cases(&results), written);
        assert!(!results.torn && !results.is_finished());
        let names: Vec<&str> = written.iter().map(String::as_str).collect();
        let (_, earlier) = Writer::resume(disk, &header()).unwrap();
        assert_eq!(earlier, recorded(&names));
    });
}

/// A header of a run that tries cells several times.
fn repeating(of: RepeatedCells, seed: u32) -> Header {
    let repeats = Repeats { tries: 3, of, seed };
    Header {
        repeats: Some(repeats),
        ..header()
    }
}

fn tried(case: &str, round: u32) -> Attempt {
    Attempt {
        round,
        trial: trial(case),
    }
}

#[test]
fn tries_are_neither_lost_nor_recorded_before_the_cell_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let every = repeating(RepeatedCells::Every, 7);
    let writer = Writer::begin(dir.path(), &every).unwrap();
    for tried in [tried("a/a", 1), tried("a/b", 1), tried("a/a", 2)] {
        add_try(&writer, &tried);
    }
    writer.trial(&trial("a/b")).unwrap();
    assert_eq!(writer.incomplete(), 1);
    drop(writer);
    // The try that was being written when the run was killed.
    let journal = dir.path().join(journal::FILE);
    let mut bytes = fs::read(&journal).unwrap();
    bytes.extend_from_slice(&bytes.clone()[..40]);
    fs::write(&journal, &bytes).unwrap();

    assert_eq!(cases(&read(&dir)), ["a/b"]);
    let (writer, earlier) = Writer::resume(dir.path(), &every).unwrap();
    let mut expected = recorded(&["a/b"]);
    let tries = vec![tried("a/a", 1), tried("a/a", 2)];
    expected.tries.insert(Cell::of_trial(&trial("a/a")), tries);
    assert_eq!(earlier, expected);
    assert_eq!(writer.incomplete(), 1);
    // What was cut is gone, and what comes now stands alone in its line.
    add_try(&writer, &tried("a/a", 3));
    assert_eq!(Journal::read(dir.path()).unwrap().len(), 4);
    writer.trial(&trial("a/a")).unwrap();
    assert_eq!(writer.incomplete(), 0);
    writer.finish(String::new(), PEAKS).unwrap();
    assert!(!journal.exists(), "everything is in the results");
    assert_eq!(cases(&read(&dir)), ["a/b", "a/a"]);
}

#[test]
fn a_new_run_does_not_take_over_the_tries_of_an_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let every = repeating(RepeatedCells::Every, 7);
    let writer = Writer::begin(dir.path(), &every).unwrap();
    add_try(&writer, &tried("a/a", 1));
    drop(writer);
    drop(Writer::begin(dir.path(), &every).unwrap());
    let (_, earlier) = Writer::resume(dir.path(), &every).unwrap();
    assert_eq!(earlier, Earlier::default());
}

#[test]
fn where_each_cell_is_tried_once_there_is_no_file_of_tries() {
    let dir = cut_short();
    assert!(!dir.path().join(journal::FILE).exists());
    goes_on(&dir, &["a/a", "a/b"], &["a/c"]);
    assert!(!dir.path().join(journal::FILE).exists());
}

#[test]
fn a_run_goes_on_as_it_began_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let every = repeating(RepeatedCells::Every, 7);
    drop(Writer::begin(dir.path(), &every).unwrap());
    assert_eq!(
        Writer::repeats_in(dir.path()).unwrap(),
        every.repeats.unwrap()
    );
    let was = "it tries each cell 3 times (seed 7), and now that is to be";
    let splits = "each cell that splits or refuses 3 times (seed 7)";
    for (now, what) in [
        (header(), "each cell once"),
        (
            repeating(RepeatedCells::Every, 8),
            "each cell 3 times (seed 8)",
        ),
        (repeating(RepeatedCells::Splits, 7), splits),
    ] {
        differs(&dir, &now, &format!("{was} {what}"));
    }
    assert!(Writer::resume(dir.path(), &every).is_ok());
}

#[test]
fn a_disk_that_is_full_of_tries_ends_the_run_and_keeps_them() {
    on_a_tiny_disk(|disk| {
        let every = repeating(RepeatedCells::Every, 7);
        let writer = Writer::begin(disk, &every).unwrap();
        let mut kept = 0;
        let error = loop {
            let tried = tried(&format!("a/{kept}"), 1);
            match writer.try_(&tried, Duration::ZERO, Duration::ZERO) {
                Ok(()) => kept += 1,
                Err(error) => break error,
            }
            assert!(kept < 10_000, "the disk is never full");
        };
        assert!(error.to_string().contains("tries.jsonl"), "{error}");
        drop(writer);
        assert!(!Results::read(&disk.join(FILE)).unwrap().torn);
        let (_, earlier) = Writer::resume(disk, &every).unwrap();
        assert_eq!(earlier.tries.len(), kept);
    });
}
