//! Clients that ocipick does not know, honest and not. What they fetch with is a fake oras, which is a fault of
//! nobody's: a client may use what it likes.

use crate::{
    Test,
    stage::{MATCH, Seen, Stage, TWO_ENTRIES, case, mixed, picked, same},
};
use anyhow::{Result, ensure};
use libtest_mimic::{Completion, Failed, Trial};
use ocipick_records::{Operation, Outcome, UnmeasuredWhy};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

pub(crate) const TESTS: &[Test] = &[
    ("clients::documented", documented),
    ("clients::show-content", show_content),
    ("clients::only-report", only_report),
    ("clients::report-another", report_another),
    ("clients::show-another", show_another),
    ("clients::do-not-support-it", do_not_support_it),
    ("clients::write-nothing", write_nothing),
    ("clients::import-and-only-report", import_and_only_report),
];

/// Copies what it is asked for, and writes down its digest. A fake has to be called by its path.
const FETCH: &str = r#"layout=$OCIPICK_OUT/image1
said=$($(command -v oras) copy --from-plain-http --platform "$OCIPICK_PLATFORM" "$OCIPICK_REFERENCE" --to-oci-layout "$layout:x") || exit
echo "$said" | sed -n 's/^Digest: //p' > "$OCIPICK_OUT/digest"
"#;
/// Unpacks what of it is an archive.
const UNPACK: &str = r#"mkdir "$OCIPICK_OUT/rootfs"
for blob in "$layout"/blobs/sha256/*; do tar -xzf "$blob" -C "$OCIPICK_OUT/rootfs" 2>/dev/null; done
rm -r "$layout"
"#;

/// What is shown in the documentation: the file, what it takes, and the child that it picks of two.
const DOCUMENTED: [(&str, &[&str], &str); 2] = [
    ("fetch.sh", &["curl", "jq"], "first"),
    ("fetch.py", &["python3"], "second"),
];

fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// What is shown are the files beside it.
fn documented() -> Result<()> {
    let page = fs::read_to_string(documents().join("clients.md"))?;
    for (file, _, _) in DOCUMENTED {
        let text = fs::read_to_string(documents().join("clients").join(file))?;
        ensure!(page.contains(&text), "{file} is not in clients.md");
    }
    Ok(())
}

/// They do what is said of them, where what they take is there.
pub(crate) fn trials() -> Vec<Trial> {
    let trials = DOCUMENTED.iter().map(|(file, takes, child)| {
        let name = format!("clients::{file}");
        let path = env::var_os("PATH").unwrap_or_default();
        let is_there =
            |program: &str| env::split_paths(&path).any(|dir| dir.join(program).is_file());
        match takes.iter().find(|program| !is_there(program)) {
            None => Trial::test(name, move || {
                measure(file, child).map_err(|error| Failed::from(format!("{error:#}")))
            }),
            // Under cargo-nextest a trial that ignores itself would be shown as passed.
            Some(_) if env::var_os("NEXTEST").is_some() => {
                Trial::test(name, || Ok(())).with_ignored_flag(true)
            }
            Some(gone) => Trial::ignorable_test(name, move || {
                Ok(Completion::ignored_with(format!("`{gone}` is not there")))
            }),
        }
    });
    trials.collect()
}

fn measure(file: &str, child: &str) -> Result<()> {
    let file = documents().join("clients").join(file);
    let path = env::var_os("PATH").unwrap_or_default();
    let client = format!("mine=PATH={} {}", path.to_string_lossy(), file.display());
    let seen = Stage::new()?.with_client(&client)?.run()?;
    seen.expect("mine", MATCH, &picked(MATCH, "amd64")?)?;
    seen.expect("mine", TWO_ENTRIES, &picked(TWO_ENTRIES, child)?)
}

fn run(command: &str, mode: &str, operation: Operation) -> Result<Seen> {
    let stage = Stage::new()?.doing(operation).with(&["oras"], mode)?;
    stage.with_client(&format!("mine={command}"))?.run()
}

fn show_content() -> Result<()> {
    let seen = run(&format!("{FETCH}{UNPACK}"), "honest", Operation::Pull)?;
    seen.expect("mine", MATCH, &picked(MATCH, "amd64")?)?;
    seen.expect("mine", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let trial = seen.trial("mine", TWO_ENTRIES)?;
    same("the runtime", &*trial.runtime, "mine@unversioned#client")?;
    let notes = &trial.evidence.notes;
    ensure!(notes.is_empty(), "{notes:?}");
    // Whoever reads the results can repeat it.
    let line = &trial.evidence.commands[0].line;
    for told in [
        "OCIPICK_OPERATION=pull",
        "OCIPICK_PLATFORM=linux/amd64",
        "--to-oci-layout",
    ] {
        ensure!(line.contains(told), "{line}");
    }
    Ok(())
}

/// What was reported and what was fetched are two kinds of evidence, and the results say which.
fn only_report() -> Result<()> {
    let seen = run(FETCH, "honest", Operation::Pull)?;
    seen.expect("mine", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let notes = &seen.trial("mine", TWO_ENTRIES)?.evidence.notes;
    let says = notes
        .iter()
        .any(|note| note.starts_with("by what the tool reports and what it fetched"));
    ensure!(says, "{notes:?}");
    Ok(())
}

/// Who reports what was never fetched contradicts the requests.
fn report_another() -> Result<()> {
    let case = case(TWO_ENTRIES)?;
    let other = case.child("second").map(|child| child.manifest.to_string());
    let other = other.unwrap_or_default();
    let lie = format!(
        "{FETCH}case $OCIPICK_REFERENCE in *two-entries*) echo {other} > \"$OCIPICK_OUT/digest\";; esac"
    );
    let seen = run(&lie, "honest", Operation::Pull)?;
    seen.expect("mine", TWO_ENTRIES, &mixed(TWO_ENTRIES, &["second"])?)
}

fn show_another() -> Result<()> {
    let seen = run(
        &format!("{FETCH}{UNPACK}"),
        "swaps-content",
        Operation::Pull,
    )?;
    seen.expect(
        "mine",
        TWO_ENTRIES,
        &mixed(TWO_ENTRIES, &["first", "second"])?,
    )
}

/// What a client does not support is no refusal.
fn do_not_support_it() -> Result<()> {
    let some = format!(
        "case $OCIPICK_REFERENCE in *two-entries*) echo no such thing >&2; exit 127;; esac\n{FETCH}"
    );
    let seen = run(&some, "honest", Operation::Pull)?;
    is_unmeasured(
        &seen,
        TWO_ENTRIES,
        UnmeasuredWhy::Unsupported,
        "no such thing",
    )
}

fn write_nothing() -> Result<()> {
    let some = format!("case $OCIPICK_REFERENCE in *two-entries*) exit 0;; esac\n{FETCH}");
    let seen = run(&some, "honest", Operation::Pull)?;
    is_unmeasured(
        &seen,
        TWO_ENTRIES,
        UnmeasuredWhy::EvidenceMissing,
        "wrote no digest",
    )
}

/// An import sends no requests, so that a report alone is too little.
fn import_and_only_report() -> Result<()> {
    let digest = case(MATCH)?
        .child("amd64")
        .map(|child| child.manifest.to_string());
    let report = format!(
        "echo {} > \"$OCIPICK_OUT/digest\"",
        digest.unwrap_or_default()
    );
    let seen = run(&report, "honest", Operation::Import)?;
    // Its controls are not passed by it, either.
    is_unmeasured(
        &seen,
        MATCH,
        UnmeasuredWhy::ControlsFailed,
        "is all the evidence",
    )
}

fn is_unmeasured(seen: &Seen, case: &str, wanted: UnmeasuredWhy, words: &str) -> Result<()> {
    let outcome = seen.outcome("mine", case)?;
    let is_it = matches!(outcome, Outcome::Unmeasured { why, detail } if *why == wanted && detail.contains(words));
    ensure!(is_it, "{outcome:?}");
    Ok(())
}
