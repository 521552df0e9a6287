//! Provisioning as a user meets it, from a distribution of a few small packages, with everything
//! that goes wrong: full disks, interruptions, crashes, spoilt archives, and two at once.
//!
//! The bootstrapper and apt are fakes; the hooks between them, the store and the command line are
//! not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod stage;

use ocipick_records::Exit;
use stage::{Said, Stage};
use std::{fs, path::Path};

#[track_caller]
fn exits(said: &Said, code: i32) {
    assert_eq!(said.exit, Exit::Code(code), "{}", said.err);
}

#[track_caller]
fn says(said: &Said, words: &[&str]) {
    for words in words {
        assert!(said.err.contains(words), "{words} is not in:\n{}", said.err);
    }
}

#[test]
fn releases_are_provisioned_with_what_they_have() {
    let stage = Stage::new();
    let said = stage.types(&["channel", "install", "bookworm", "trixie", "sid"]);
    exits(&said, 0);
    says(
        &said,
        &[
            "bookworm: skopeo 1.9.3; not there: docker, podman, buildah, crane, containerd, oras, umoci, docker-registry",
            "trixie: skopeo 1.18.0; besides umoci 0.4.7; not there: docker",
            "sid: podman 5.8.6, skopeo 1.22.0; besides umoci 0.6.0; not there",
            "downloading what is missing of 5 packages",
        ],
    );
    assert_eq!(stage.channels(), ["bookworm", "sid", "trixie"]);
    assert_eq!(stage.downloaded_twice(), Vec::<String>::new());
    assert_eq!(stage.times("downloaded common_2_amd64.deb"), 1);
    let channel = stage.store().open("sid").unwrap();
    assert!(channel.root.join("usr/bin/skopeo").exists());
    assert!(
        !channel.root.join("usr/share/doc").exists(),
        "no tool reads it"
    );
    let common = &channel.record.packages["common"];
    assert_eq!((common.version.as_str(), common.sha256.len()), ("2", 64));
    let using = &channel.record.packages["skopeo"].built_using;
    assert_eq!(using["golang-1.26"], "1.26.1-1");
    assert_eq!(using.len(), 2);
    let listed = stage.types(&["channel", "list"]);
    exits(&listed, 0);
    insta::assert_snapshot!("list", sizes_left_out(&listed.out));
}

#[test]
fn what_is_there_is_not_provisioned_again() {
    let stage = Stage::new();
    exits(&stage.types(&["channel", "install", "sid"]), 0);
    let said = stage.types(&["channel", "install", "sid", "sid"]);
    exits(&said, 0);
    says(&said, &["there already"]);
    assert_eq!(stage.times("began sid"), 1);
    exits(&stage.types(&["channel", "install", "--renew", "sid"]), 0);
    assert_eq!(stage.times("began sid"), 2);
    assert_eq!(stage.downloaded_twice(), Vec::<String>::new());
}

#[test]
fn more_tools_are_added_to_those_that_are_there() {
    let stage = Stage::new();
    let only = |tool| stage.types(&["channel", "install", "--tool", tool, "sid"]);
    exits(&only("skopeo"), 0);
    let tools = || stage.store().open("sid").unwrap().record.tools;
    assert_eq!(tools(), ["skopeo"]);
    exits(&only("podman"), 0);
    assert_eq!(tools(), ["podman", "skopeo"]);
    let said = only("crane");
    exits(&said, 0);
    assert_eq!(tools(), ["podman", "skopeo"]);
    let record = stage.store().open("sid").unwrap().record;
    assert_eq!(record.lacks, ["crane"]);
    let unknown = only("dokcer");
    exits(&unknown, 2);
    says(&unknown, &["`dokcer` is nothing that a channel holds"]);
}

#[test]
fn when_one_release_fails_the_others_go_on() {
    let stage = Stage::new();
    stage.write("bin/releases/trixie.fails", "");
    let said = stage.types(&["channel", "install", "bookworm", "trixie", "sid"]);
    exits(&said, 5);
    says(
        &said,
        &[
            "trixie: error: mmdebstrap could not provision trixie: E: Failed to fetch http://(mirror)/debian",
            "not provisioned: trixie",
            "ocipick channel install trixie goes on",
        ],
    );
    assert_eq!(stage.channels(), ["bookworm", "sid"]);
    let alone = stage.types(&["channel", "install", "trixie"]);
    exits(&alone, 1);
    stage.remove("bin/releases/trixie.fails");
    exits(&stage.types(&["channel", "install", "trixie"]), 0);
}

#[test]
fn a_release_that_has_nothing_of_it_is_named() {
    let stage = Stage::new();
    let said = stage.types(&["channel", "install", "--tool", "podman", "bookworm"]);
    exits(&said, 0);
    stage.write("bin/releases/bookworm", "skopeo 1.9.3\n");
    exits(&stage.types(&["channel", "remove", "bookworm"]), 0);
    let said = stage.types(&["channel", "install", "--tool", "podman", "bookworm"]);
    exits(&said, 1);
    says(&said, &["bookworm: error: bookworm has none of: podman"]);
    assert_eq!(stage.channels(), Vec::<String>::new());
}

#[test]
fn expired_metadata_is_accepted_on_demand_only_and_recorded() {
    let stage = Stage::new();
    stage.write("bin/releases/sid.expired", "");
    let refused = stage.types(&["channel", "install", "sid"]);
    exits(&refused, 1);
    says(&refused, &["invalid since 3d 2h", "--allow-expired"]);
    assert_eq!(stage.channels(), Vec::<String>::new());
    exits(
        &stage.types(&["channel", "install", "--allow-expired", "sid"]),
        0,
    );
    let record = stage.store().open("sid").unwrap().record;
    assert_eq!(record.expired.as_deref(), Some("invalid since 3d 2h"));
}

#[test]
fn two_at_once_make_a_channel_once() {
    let stage = Stage::new();
    std::thread::scope(|scope| {
        let install = || stage.types(&["channel", "install", "sid"]);
        let (one, two) = (scope.spawn(install), scope.spawn(install));
        let (one, two) = (one.join().unwrap(), two.join().unwrap());
        exits(&one, 0);
        exits(&two, 0);
        let both = one.err + &two.err;
        assert!(both.contains("waiting for another ocipick"), "{both}");
        assert!(both.contains("there already"), "{both}");
    });
    assert_eq!(stage.times("began sid"), 1);
}

#[test]
fn two_at_once_download_nothing_twice() {
    let stage = Stage::new();
    std::thread::scope(|scope| {
        let install = |release| stage.types(&["channel", "install", release]);
        let one = scope.spawn(move || install("trixie"));
        let two = install("sid");
        exits(&two, 0);
        exits(&one.join().unwrap(), 0);
    });
    assert_eq!(stage.downloaded_twice(), Vec::<String>::new());
    assert_eq!(stage.times("downloaded common_2_amd64.deb"), 1);
}

/// The user ends ocipick, or it dies, after the first download.
fn cut_short(signal: &str) -> (Stage, Said) {
    let stage = Stage::new();
    stage.write("bin/on-downloaded", &format!("exec ask-for {signal}\n"));
    let said = stage.types(&["channel", "install", "bookworm", "sid", "--jobs", "1"]);
    stage.remove("bin/on-downloaded");
    (stage, said)
}

fn goes_on(stage: &Stage) {
    let listed = stage.types(&["channel", "list"]);
    assert!(!listed.out.contains("bookworm"), "{}", listed.out);
    let run = stage.types(&["run", "--channel", "bookworm"]);
    exits(&run, 2);
    says(&run, &["`bookworm` is not provisioned"]);
    exits(&stage.types(&["channel", "install", "bookworm", "sid"]), 0);
    assert_eq!(stage.channels(), ["bookworm", "sid"]);
    assert_eq!(
        stage.downloaded_twice(),
        Vec::<String>::new(),
        "what was downloaded is kept"
    );
    let left = fs::read_dir(stage.path("tmp")).unwrap().count();
    assert_eq!(left, 0, "nothing is left in TMPDIR");
}

#[test]
fn an_interrupted_installation_goes_on_where_it_was() {
    let (stage, said) = cut_short("SIGINT");
    exits(&said, 5);
    says(
        &said,
        &[
            "bookworm: interrupted",
            "sid: interrupted",
            "not provisioned: bookworm, sid; what was downloaded is kept",
        ],
    );
    assert_eq!(stage.channels(), Vec::<String>::new());
    goes_on(&stage);
}

#[test]
fn a_killed_installation_goes_on_where_it_was() {
    let (stage, said) = cut_short("SIGKILL");
    assert_eq!(said.exit, Exit::Signal(9));
    assert_eq!(stage.channels(), [".partial-bookworm"]);
    goes_on(&stage);
}

#[test]
fn finished_channels_survive_an_interruption() {
    let stage = Stage::new();
    stage.write(
        "bin/on-unpacked",
        "[ \"$suite\" = bookworm ] || ask-for SIGINT\n",
    );
    let install = ["channel", "install", "bookworm", "sid", "--jobs", "1"];
    let said = stage.types(&install);
    exits(&said, 5);
    says(&said, &["bookworm: skopeo 1.9.3", "sid: interrupted"]);
    assert_eq!(stage.channels(), ["bookworm"]);
    stage.remove("bin/on-unpacked");
    exits(&stage.types(&install), 0);
    assert_eq!(stage.times("began bookworm"), 1);
    assert_eq!(stage.downloaded_twice(), Vec::<String>::new());
}

#[test]
fn a_channel_in_use_is_noticed_before_its_replacement_is_made() {
    let stage = Stage::new();
    exits(&stage.types(&["channel", "install", "sid"]), 0);
    let hold = stage.store().hold("sid").unwrap();
    let said = stage.types(&["channel", "install", "--renew", "sid", "trixie"]);
    exits(&said, 5);
    says(
        &said,
        &["sid: error: the channel `sid` is in use by another run"],
    );
    assert_eq!(stage.times("began sid"), 1);
    let removed = stage.types(&["channel", "remove", "sid"]);
    exits(&removed, 1);
    says(&removed, &["in use by another run"]);
    drop(hold);
    exits(&stage.types(&["channel", "remove", "sid"]), 0);
    assert_eq!(stage.channels(), ["trixie"]);
}

#[test]
fn a_replacement_that_fails_leaves_the_channel_as_it_was() {
    let stage = Stage::new();
    exits(&stage.types(&["channel", "install", "sid"]), 0);
    let before = stage.store().open("sid");
    stage.write("bin/releases/sid.spoils", "");
    exits(&stage.types(&["channel", "install", "--renew", "sid"]), 1);
    assert_eq!(stage.store().open("sid"), before);
    assert_eq!(stage.channels(), ["sid"]);
}

#[test]
fn a_spoilt_archive_is_downloaded_again() {
    let stage = Stage::new();
    exits(&stage.types(&["channel", "install", "sid"]), 0);
    exits(&stage.types(&["channel", "remove", "sid"]), 0);
    let archive = stage.path("cache/archives/skopeo_1.22.0_amd64.deb");
    let mut bytes = fs::read(&archive).unwrap();
    bytes[4096] ^= 1;
    fs::write(&archive, bytes).unwrap();
    exits(&stage.types(&["channel", "install", "sid"]), 0);
    assert_eq!(
        stage.downloaded_twice(),
        ["downloaded skopeo_1.22.0_amd64.deb"]
    );
}

#[test]
fn what_is_not_in_the_signed_list_is_refused() {
    let stage = Stage::new();
    stage.write("bin/releases/sid.lies", "");
    let said = stage.types(&["channel", "install", "sid"]);
    exits(&said, 1);
    says(
        &said,
        &["not what the package list says: skopeo_1.22.0_amd64.deb: FAILED"],
    );
    assert_eq!(stage.channels(), Vec::<String>::new());
}

#[test]
fn what_was_not_unpacked_as_it_was_packed_is_refused() {
    let stage = Stage::new();
    stage.write("bin/releases/sid.spoils", "");
    let said = stage.types(&["channel", "install", "sid"]);
    exits(&said, 1);
    says(
        &said,
        &["not what its archive holds: usr/bin/skopeo: FAILED"],
    );
    assert_eq!(stage.channels(), Vec::<String>::new());
}

#[test]
fn a_channel_that_changed_later_fails_its_check() {
    let stage = Stage::new();
    exits(&stage.types(&["channel", "install", "sid"]), 0);
    let whole = stage.types(&["channel", "check", "sid"]);
    let files = "sid: 10 files are as they were installed";
    assert!(whole.out.contains(files), "{}", whole.out);
    let program = stage.path("cache/channels/sid/root/usr/bin/umoci");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    let changed = stage.types(&["channel", "check", "sid"]);
    exits(&changed, 3);
    assert!(
        changed
            .out
            .contains("1 of 10 files are not as they were installed: usr/bin/umoci"),
        "{}",
        changed.out
    );
    exits(&stage.types(&["channel", "install", "--renew", "sid"]), 0);
    let whole = stage.types(&["channel", "check", "sid"]);
    assert!(whole.out.contains(files), "{}", whole.out);
    let absent = stage.types(&["channel", "check", "trixie"]);
    exits(&absent, 3);
    assert!(
        absent.out.contains("channel install trixie"),
        "{}",
        absent.out
    );
}

#[test]
fn experimental_is_sid_with_what_is_newer_there() {
    let stage = Stage::new();
    let said = stage.types(&["channel", "install", "experimental"]);
    exits(&said, 0);
    says(
        &said,
        &["experimental: podman 6.1.1; as in sid: skopeo, umoci"],
    );
    let record = stage.store().open("experimental").unwrap().record;
    assert_eq!(record.base.as_deref(), Some("sid"));
    let suite = |name: &str| record.packages[name].suite.as_deref();
    assert_eq!(
        (suite("podman"), suite("skopeo"), suite("common")),
        (Some("experimental"), None, None),
        "only what is wanted of there comes from there"
    );
    assert_eq!(record.packages["common"].version, "2");
    stage.write("bin/releases/experimental", "common 3\n");
    let said = stage.types(&["channel", "install", "--renew", "experimental"]);
    exits(&said, 1);
    says(&said, &["experimental has nothing newer than sid"]);
}

#[test]
fn channels_and_archives_are_removed() {
    let stage = Stage::new();
    exits(&stage.types(&["channel", "install", "sid", "trixie"]), 0);
    let said = stage.types(&["channel", "remove", "sid", "bookworm", "trixie"]);
    exits(&said, 2);
    says(
        &said,
        &[
            "removed sid",
            "removed trixie",
            "there is no channel `bookworm`",
        ],
    );
    assert_eq!(stage.channels(), Vec::<String>::new());
    let said = stage.types(&["channel", "remove", "--archives"]);
    exits(&said, 0);
    says(&said, &["removed the archives"]);
    assert!(!stage.path("cache/archives").exists());
}

#[test]
fn a_bootstrapper_that_is_not_there_is_named() {
    let stage = Stage::new();
    stage.remove("bin/mmdebstrap");
    let said = stage.types(&["channel", "install", "sid"]);
    exits(&said, 1);
    says(&said, &["OCIPICK_MMDEBSTRAP names ~/bin/mmdebstrap"]);
}

/// Runs a script in a mount namespace of its own, where `cache` is a disk of so many kilobytes.
/// `None` where this process may not make one.
fn on_small_disk(stage: &Stage, kilobytes: u32, script: &str) -> Option<Said> {
    let cache = stage.path("cache");
    let ocipick = env!("CARGO_BIN_EXE_ocipick");
    let script = format!(
        "mount -t tmpfs -o size={kilobytes}k tmpfs '{cache}' || exit 77\n\
         ocipick() {{ '{ocipick}' \"$@\"; }}\n{script}",
        cache = cache.display()
    );
    let args = ["--mount", "--propagation", "private", "sh", "-c", &script];
    let said = stage.runs(Path::new("/usr/bin/unshare"), &args);
    let cannot = said.err.contains("unshare") || said.exit == Exit::Code(77);
    (!cannot).then_some(said)
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing_that_looks_complete() {
    // Too small for the archives; for unpacking them; for a second channel beside the first.
    for (kilobytes, first, code) in [(300, "sid", 1), (1500, "sid", 1), (1500, "bookworm", 5)] {
        let stage = Stage::new();
        let script = format!(
            "ocipick channel install {first} sid --jobs 1; code=$?\n\
             ls -A $OCIPICK_CACHE/channels | grep -v lock\n\
             ocipick channel list\n\
             mount -o remount,size=20m $OCIPICK_CACHE\n\
             ocipick channel install {first} sid >/dev/null 2>&1 || exit 99\n\
             [ -e $OCIPICK_CACHE/channels/sid/root/usr/bin/podman ] || exit 98\n\
             exit $code"
        );
        let Some(said) = on_small_disk(&stage, kilobytes, &script) else {
            eprintln!("skipped: this takes root and mount namespaces");
            return;
        };
        exits(&said, code);
        says(
            &said,
            &["sid: error: no space is left for sid in ~/cache (hint: free some"],
        );
        let left: Vec<&str> = said.out.lines().collect();
        let expected: &[&str] = if code == 5 { &["bookworm"] } else { &[] };
        assert!(left.starts_with(expected), "{}", said.out);
        assert!(!said.out.contains("sid"), "{}", said.out);
        assert_eq!(stage.downloaded_twice(), Vec::<String>::new());
    }
}

/// A listing without what depends on the file system.
fn sizes_left_out(listed: &str) -> String {
    let mut text = String::new();
    for line in listed.lines() {
        let words = line.split_whitespace().collect::<Vec<_>>();
        match words[..] {
            [_, number, "MB", ..] => {
                let at = line.find(&format!("{number} MB")).unwrap();
                text.push_str(&line[..at]);
                text.push('…');
                text.push_str(&line[at + number.len()..]);
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
