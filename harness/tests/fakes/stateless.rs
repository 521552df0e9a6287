//! Skopeo, wrong in every way; crane works beside it and must not suffer from it.

use crate::{
    Test,
    stage::{
        CASES, DEADLINE, HIDDEN, MATCH, NESTED, NO_MATCH, Seen, Stage, TWO_ENTRIES, case, is_alive,
        is_refused, mixed, picked, refused, same,
    },
};
use anyhow::{Context as _, Result, ensure};
use ocipick::run::RuntimeEnd;
use ocipick_corpus::{Case, Child};
use ocipick_records::{Exit, Observation, Outcome, OutcomeKind, RefusalReason, UnmeasuredWhy};
use std::{fs, path::Path};

pub(crate) const TESTS: &[Test] = &[
    ("skopeo::honest", honest),
    ("skopeo::fetches-all", fetches_all),
    ("skopeo::always-first", always_first),
    ("skopeo::always-first-everywhere", always_first_everywhere),
    ("skopeo::always-last", always_last),
    ("skopeo::hangs", hangs),
    ("skopeo::hangs-everywhere", hangs_everywhere),
    ("skopeo::forks-and-exits", forks_and_exits),
    ("skopeo::prints-garbage", prints_garbage),
    ("skopeo::prints-without-end", prints_without_end),
    ("skopeo::dies-of-signal", dies_of_signal),
    ("skopeo::is-killed", is_killed),
    ("skopeo::is-killed-once", is_killed_once),
    ("skopeo::hides-somebody", hides_somebody),
    ("skopeo::panics", panics),
    ("skopeo::succeeds-with-nothing", succeeds_with_nothing),
    ("skopeo::lies-about-digest", lies_about_digest),
    ("skopeo::swaps-content", swaps_content),
    ("skopeo::stale", stale),
    ("skopeo::never-fetches", never_fetches),
    ("skopeo::refuses-before-asking", refuses_before_asking),
    (
        "skopeo::says-nothing-before-asking",
        says_nothing_before_asking,
    ),
    ("skopeo::unknown-words", unknown_words),
    ("skopeo::silent-failure", silent_failure),
    ("skopeo::no-space", no_space),
    ("skopeo::reports-nothing", reports_nothing),
    ("skopeo::forgets-a-layer", forgets_a_layer),
    ("skopeo::has-no-version", has_no_version),
];

const NO_MATCH_WORDS: &str = "no image found in image index for architecture amd64";

/// Runs skopeo in this mode beside an honest crane, which must be unaffected.
fn run(mode: &str) -> Result<Seen> {
    run_on(&stage(mode)?)
}

fn stage(mode: &str) -> Result<Stage> {
    Stage::new()?.with(&["crane"], "")?.with(&["skopeo"], mode)
}

fn run_on(stage: &Stage) -> Result<Seen> {
    let seen = stage.run()?;
    seen.passed_controls("crane", "no child with platform linux/amd64")?;
    seen.expect("crane", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let nested = seen.outcome("crane", NESTED)?;
    ensure!(
        is_refused(nested, RefusalReason::NoMatch, "no child with platform"),
        "{nested:?}"
    );
    Ok(seen)
}

/// As above, and skopeo must pass its controls.
fn run_past_controls(mode: &str) -> Result<Seen> {
    let seen = run(mode)?;
    seen.passed_controls("skopeo", NO_MATCH_WORDS)?;
    Ok(seen)
}

fn unmeasured(why: UnmeasuredWhy, detail: &str) -> Outcome {
    Outcome::Unmeasured {
        why,
        detail: detail.to_owned(),
    }
}

fn honest() -> Result<()> {
    let seen = run_past_controls("honest")?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    seen.expect_notes("skopeo", TWO_ENTRIES, &[])?;
    let nested = seen.outcome("skopeo", NESTED)?;
    ensure!(
        is_refused(
            nested,
            RefusalReason::NestedUnsupported,
            "Unexpectedly received"
        ),
        "{nested:?}"
    );
    Ok(())
}

/// Fetching more than was picked is no contradiction, and is noted.
fn fetches_all() -> Result<()> {
    let seen = run_past_controls("fetches-all")?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    seen.expect_notes(
        "skopeo",
        TWO_ENTRIES,
        &["also fetched the manifest of second"],
    )
}

fn always_first() -> Result<()> {
    let seen = run_past_controls("always-first")?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)
}

fn always_last() -> Result<()> {
    let seen = run_past_controls("always-last")?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "second")?)
}

/// No cell may count, and the words say why.
fn is_disqualified(seen: &Seen, detail: &str) -> Result<()> {
    for case in CASES {
        seen.expect(
            "skopeo",
            case,
            &unmeasured(UnmeasuredWhy::ControlsFailed, detail),
        )?;
    }
    // What the controls showed is kept; the rest was not even tried.
    ensure!(!seen.trial("skopeo", MATCH)?.evidence.requests.is_empty());
    ensure!(
        seen.trial("skopeo", TWO_ENTRIES)?
            .evidence
            .commands
            .is_empty()
    );
    same(
        "the end",
        &seen.end("skopeo"),
        &Some(&RuntimeEnd::Unmeasured(detail.to_owned())),
    )
}

fn always_first_everywhere() -> Result<()> {
    let seen = run("always-first everywhere")?;
    is_disqualified(
        &seen,
        &format!("it failed its controls: {MATCH}: picked `arm64`; {NO_MATCH}: picked `s390x`"),
    )
}

fn hangs() -> Result<()> {
    let seen = run_past_controls("hangs")?;
    let after_ms = u64::try_from(DEADLINE.as_millis())?;
    for case in [TWO_ENTRIES, NESTED] {
        seen.expect("skopeo", case, &Outcome::TimedOut { after_ms })?;
        let evidence = &seen.trial("skopeo", case)?.evidence;
        same("the exit", &evidence.exit, &Some(Exit::Deadline))?;
        same(
            "its words",
            evidence.stderr_tail.as_str(),
            "Getting image source signatures",
        )?;
        same("its requests", &evidence.requests.len(), &1)?;
    }
    Ok(())
}

fn hangs_everywhere() -> Result<()> {
    let seen = run("hangs everywhere")?;
    is_disqualified(
        &seen,
        &format!("it failed its controls: {MATCH}: timed out; {NO_MATCH}: timed out"),
    )
}

fn forks_and_exits() -> Result<()> {
    let seen = run_past_controls("forks-and-exits")?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let trial = seen.trial("skopeo", TWO_ENTRIES)?;
    ensure!(trial.duration_ms < 3000, "it took {} ms", trial.duration_ms);
    let notes = &trial.evidence.notes;
    ensure!(
        notes.iter().any(|note| {
            note.starts_with("1 process(es) outlived `") && note.ends_with("skopeo` and were ended")
        }),
        "{notes:?}"
    );
    Ok(())
}

fn prints_garbage() -> Result<()> {
    let seen = run_past_controls("prints-garbage")?;
    let trial = seen.trial("skopeo", TWO_ENTRIES)?;
    let Outcome::Refused { reason, message } = &trial.outcome else {
        anyhow::bail!("{:?}", trial.outcome)
    };
    same("the reason", reason, &RefusalReason::Other)?;
    ensure!(
        !message.is_empty() && !message.contains(char::is_control),
        "{message:?}"
    );
    ensure!(
        message.chars().count() <= 601,
        "{} characters",
        message.chars().count()
    );
    let kept = &trial.evidence.stderr_tail;
    ensure!(
        kept.chars().count() <= 4000,
        "{} characters",
        kept.chars().count()
    );
    ensure!(
        !kept.contains(|c: char| c.is_control() && c != '\n' && c != '\t'),
        "{kept:?}"
    );
    let written = serde_json::to_string(trial)?;
    ensure!(serde_json::from_str::<serde_json::Value>(&written).is_ok());
    Ok(())
}

/// What it would have gone on to do is not known, and it does not fill the disk.
fn prints_without_end() -> Result<()> {
    let seen = run_past_controls("prints-without-end")?;
    let detail = "the tool printed more than 64 MiB, and was ended";
    for case in [TWO_ENTRIES, NESTED] {
        seen.expect(
            "skopeo",
            case,
            &unmeasured(UnmeasuredWhy::EvidenceMissing, detail),
        )?;
        let evidence = &seen.trial("skopeo", case)?.evidence;
        same("the exit", &evidence.exit, &Some(Exit::OutputLimit))?;
    }
    Ok(())
}

fn dies_of_signal() -> Result<()> {
    let seen = run_past_controls("dies-of-signal")?;
    let what = "the tool died of signal 11".to_owned();
    seen.expect(
        "skopeo",
        TWO_ENTRIES,
        &Outcome::Crashed {
            what,
            survived: false,
        },
    )?;
    let evidence = &seen.trial("skopeo", TWO_ENTRIES)?.evidence;
    same("the exit", &evidence.exit, &Some(Exit::Signal(11)))
}

/// Who was killed twice in a row has neither crashed nor refused.
fn is_killed() -> Result<()> {
    let seen = run_past_controls("is-killed")?;
    let Outcome::Unmeasured { why, detail } = seen.outcome("skopeo", TWO_ENTRIES)? else {
        anyhow::bail!("{seen:?}")
    };
    same("why", why, &UnmeasuredWhy::HarnessTrouble)?;
    ensure!(
        detail.contains("skopeo was killed from outside (SIGKILL); "),
        "{detail}"
    );
    ensure!(detail.contains("memory killer"), "{detail}");
    Ok(())
}

/// A second attempt is what counts, and that it was one is said.
fn is_killed_once() -> Result<()> {
    let seen = run_past_controls("is-killed-once")?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let notes = &seen.trial("skopeo", TWO_ENTRIES)?.evidence.notes;
    ensure!(
        notes.len() == 1 && notes[0].starts_with("the second attempt; "),
        "{notes:?}"
    );
    Ok(())
}

/// Who has no group, session or environment of its tool any more is found all the same.
fn hides_somebody() -> Result<()> {
    let stage = stage("hides-somebody")?;
    let seen = run_on(&stage)?;
    seen.passed_controls("skopeo", NO_MATCH_WORDS)?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let pids = fs::read_to_string(stage.last_folder()?.join(HIDDEN))?;
    ensure!(!pids.is_empty(), "nobody was hidden");
    let alive: Vec<&str> = pids.lines().filter(|pid| is_alive(pid)).collect();
    same("the hidden", &alive, &Vec::<&str>::new())
}

fn panics() -> Result<()> {
    let seen = run_past_controls("panics")?;
    let Outcome::Crashed {
        what,
        survived: false,
    } = seen.outcome("skopeo", TWO_ENTRIES)?
    else {
        anyhow::bail!("{seen:?}")
    };
    ensure!(
        what.starts_with("panic: runtime error: invalid memory address"),
        "{what}"
    );
    ensure!(
        what.contains("goroutine 1 [running]:\nmain.pick("),
        "{what}"
    );
    Ok(())
}

fn succeeds_with_nothing() -> Result<()> {
    let seen = run_past_controls("succeeds-with-nothing")?;
    seen.expect("skopeo", TWO_ENTRIES, &Outcome::Nothing)?;
    let evidence = &seen.trial("skopeo", TWO_ENTRIES)?.evidence;
    ensure!(matches!(evidence.reported, Observation::Seen { .. }));
    let words = "the directory has no manifest.json".to_owned();
    same(
        "what is there",
        &evidence.materialised,
        &Observation::Absent { words },
    )
}

/// What it reports and what is there name different children; neither is believed.
fn contradicts(mode: &str, reported: &str, materialised: &str) -> Result<()> {
    let seen = run_past_controls(mode)?;
    seen.expect(
        "skopeo",
        TWO_ENTRIES,
        &mixed(TWO_ENTRIES, &["first", "second"])?,
    )?;
    let evidence = &seen.trial("skopeo", TWO_ENTRIES)?.evidence;
    for (observation, child) in [
        (&evidence.reported, reported),
        (&evidence.materialised, materialised),
    ] {
        let sightings = observation.sightings();
        ensure!(!sightings.is_empty());
        ensure!(
            sightings.iter().all(|seen| seen.children == [child]),
            "{sightings:?}"
        );
    }
    Ok(())
}

fn lies_about_digest() -> Result<()> {
    contradicts("lies-about-digest", "second", "first")
}

fn swaps_content() -> Result<()> {
    contradicts("swaps-content", "first", "second")
}

/// Writes a child as skopeo would, for a fake that asks nobody.
fn give(stage: &Stage, name: &str, case: &Case, child: &Child) -> Result<()> {
    let dir = stage.last_folder()?.join("given").join(name);
    fs::create_dir_all(&dir)?;
    fs::write(dir.join("digest"), child.manifest.as_str())?;
    let put = |digest: &str, file: &Path| -> Result<()> {
        let (bytes, _) = case.content(digest).context("no such content")?;
        Ok(fs::write(file, bytes)?)
    };
    put(child.manifest.as_str(), &dir.join("manifest.json"))?;
    for digest in child
        .config
        .iter()
        .chain(child.layers.iter().map(|layer| &layer.digest))
    {
        put(digest.as_str(), &dir.join(digest.encoded()))?;
    }
    Ok(())
}

fn never_fetches() -> Result<()> {
    let stage = stage("never-fetches")?;
    for (id, child) in [(TWO_ENTRIES, "first"), (NESTED, "inner")] {
        let case = case(id)?;
        let child = case.child(child).context("no such child")?;
        give(&stage, &case.id.repository_path(), &case, child)?;
    }
    let seen = run_on(&stage)?;
    seen.passed_controls("skopeo", NO_MATCH_WORDS)?;
    for (id, child) in [(TWO_ENTRIES, "first"), (NESTED, "inner")] {
        seen.expect("skopeo", id, &mixed(id, &[child])?)?;
        let note = format!("`{child}` was never fetched in this trial");
        seen.expect_notes("skopeo", id, &[&note])?;
        same(
            "its requests",
            &seen.trial("skopeo", id)?.evidence.requests.len(),
            &0,
        )?;
    }
    Ok(())
}

fn stale() -> Result<()> {
    let stage = stage("stale")?;
    let control = case(MATCH)?;
    give(
        &stage,
        "stale",
        &control,
        control.child("amd64").context("no such child")?,
    )?;
    let seen = run_on(&stage)?;
    seen.expect("skopeo", TWO_ENTRIES, &mixed(TWO_ENTRIES, &["first"])?)?;
    let note = format!("not of this case: `{MATCH} amd64`");
    seen.expect_notes("skopeo", TWO_ENTRIES, &[&note])
}

fn refuses_before_asking() -> Result<()> {
    let seen = run_past_controls("refuses-before-asking")?;
    let detail = "the tool failed before it asked the registry: unknown flag: --override-os";
    seen.expect(
        "skopeo",
        TWO_ENTRIES,
        &unmeasured(UnmeasuredWhy::EvidenceMissing, detail),
    )
}

fn says_nothing_before_asking() -> Result<()> {
    let seen = run_past_controls("says-nothing-before-asking")?;
    let detail = "the tool failed before it asked the registry: exit code 1, without a word";
    seen.expect(
        "skopeo",
        TWO_ENTRIES,
        &unmeasured(UnmeasuredWhy::EvidenceMissing, detail),
    )
}

fn unknown_words() -> Result<()> {
    let seen = run_past_controls("unknown-words")?;
    let refusal = refused(RefusalReason::Other, "the moon is full");
    seen.expect("skopeo", TWO_ENTRIES, &refusal)
}

fn silent_failure() -> Result<()> {
    let seen = run_past_controls("silent-failure")?;
    let refusal = refused(RefusalReason::Other, "exit code 1, without a word");
    seen.expect("skopeo", TWO_ENTRIES, &refusal)
}

fn no_space() -> Result<()> {
    let seen = run_past_controls("no-space")?;
    let detail = "writing blob: write x: no space left on device";
    seen.expect(
        "skopeo",
        TWO_ENTRIES,
        &unmeasured(UnmeasuredWhy::HarnessTrouble, detail),
    )
}

fn reports_nothing() -> Result<()> {
    let seen = run_past_controls("reports-nothing")?;
    let detail = "the tool does not report what it has: skopeo wrote no digest file";
    seen.expect(
        "skopeo",
        TWO_ENTRIES,
        &unmeasured(UnmeasuredWhy::EvidenceMissing, detail),
    )
}

fn forgets_a_layer() -> Result<()> {
    let seen = run_past_controls("forgets-a-layer")?;
    let outcome = seen.outcome("skopeo", TWO_ENTRIES)?;
    same("the kind", &outcome.kind(), &OutcomeKind::Unmeasured)?;
    let Outcome::Unmeasured { why, detail } = outcome else {
        anyhow::bail!("{outcome:?}")
    };
    same("why", why, &UnmeasuredWhy::EvidenceMissing)?;
    ensure!(detail.ends_with("is not in the directory"), "{detail}");
    Ok(())
}

/// A program of the right name that is something else is missing, and not measured.
fn has_no_version() -> Result<()> {
    let stage = stage("honest")?;
    let folder = stage.last_folder()?;
    fs::remove_file(folder.join("skopeo"))?;
    std::os::unix::fs::symlink("/bin/false", folder.join("skopeo"))?;
    let seen = run_on(&stage)?;
    let why = seen.missing.get("skopeo").context("it is not missing")?;
    ensure!(why.starts_with("`skopeo --version` failed"), "{why}");
    same("the end", &seen.end("skopeo"), &None)
}
