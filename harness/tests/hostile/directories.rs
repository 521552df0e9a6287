//! TMPDIR and HOME: whatever they are, nothing of others is removed, and what is wrong is said.

use crate::{
    Test,
    stage::{Stage, TWO_ENTRIES, picked, same},
    workspace::{Workspace, outcome, read, says},
};
use anyhow::{Result, ensure};
use ocipick_records::{Outcome, UnmeasuredWhy};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

pub(crate) const TESTS: &[Test] = &[
    ("directories::of-others", of_others),
    ("directories::relative-and-empty", relative_and_empty),
    ("directories::no-home", no_home),
];

pub(crate) const TESTS_OF_DAEMONS: &[Test] = &[
    ("directories::too-deep-for-sockets", too_deep),
    ("directories::no-path-for-a-mount", no_path_for_a_mount),
];

fn of_others() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    let proof = place.path("run-by-undo");
    let cleanup = format!(r#"[["/bin/touch",{:?}]]"#, proof.display().to_string());
    let owners = [
        "bob\n".to_owned(),
        String::new(),
        "ocipick.run-directory/1\n".to_owned(),
    ];
    let mut dirs = Vec::new();
    for (number, owner) in owners.iter().enumerate() {
        for name in ["ocipick-mydata", "ocipick-my-thesis", ".ocipick-new-mine00"] {
            let dir = place.tmp.join(name.replace('m', &number.to_string()));
            fs::create_dir_all(dir.join("r00.0"))?;
            fs::set_permissions(&dir, Permissions::from_mode(0o700))?;
            fs::write(dir.join("owner"), owner)?;
            fs::write(dir.join("thesis"), "precious")?;
            fs::write(dir.join("r00.0/undo.json"), &cleanup)?;
            dirs.push(dir);
        }
    }
    let said = says(0, &mut place.run(&place.path("out"), &[])?)?;
    ensure!(!said.contains("cleared away"), "{said}");
    for dir in dirs {
        same("it", &fs::read_to_string(dir.join("thesis"))?, &"precious")?;
    }
    ensure!(!proof.exists(), "what somebody wrote was run");
    Ok(())
}

fn relative_and_empty() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    for (number, tmp) in ["tmp", "./tmp/../tmp", ""].iter().enumerate() {
        let out = place.path(&format!("out{number}"));
        says(0, place.run(&out, &[])?.env("TMPDIR", tmp))?;
        same(
            "it",
            outcome(&read(&out)?, "skopeo", TWO_ENTRIES)?,
            &picked(TWO_ENTRIES, "first")?,
        )?;
    }
    place.is_deserted()
}

fn no_home() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    let mut run = place.run(&place.path("out"), &["--channel", "sid"])?;
    let said = says(2, run.env_remove("HOME").env_remove("OCIPICK_CACHE"))?;
    ensure!(said.contains("HOME is not set"), "{said}");
    Ok(())
}

fn unmeasured(place: &Workspace, out: &Path, tool: &str, words: &str) -> Result<()> {
    let results = read(out)?;
    let Outcome::Unmeasured { why, detail } = outcome(&results, tool, TWO_ENTRIES)? else {
        anyhow::bail!("{results:?}")
    };
    same("why", why, &UnmeasuredWhy::NotStarted)?;
    ensure!(
        detail.contains(words) && detail.contains("TMPDIR"),
        "{detail}"
    );
    same(
        "it",
        outcome(&results, "skopeo", TWO_ENTRIES)?,
        &picked(TWO_ENTRIES, "first")?,
    )?;
    place.is_deserted()
}

fn too_deep() -> Result<()> {
    let stage = Stage::new()?
        .with(&["docker", "dockerd"], "")?
        .with(&["skopeo"], "honest")?;
    let mut place = Workspace::new(stage)?;
    place.tmp = place.tmp.join("d".repeat(100));
    fs::create_dir(&place.tmp)?;
    let out = place.path("out");
    says(5, &mut place.run(&out, &[])?)?;
    unmeasured(
        &place,
        &out,
        "docker",
        "dockerd cannot be started, because the path of its socket",
    )
}

fn no_path_for_a_mount() -> Result<()> {
    let stage = Stage::new()?
        .with(&["ctr", "containerd"], "")?
        .with(&["skopeo"], "honest")?;
    let mut place = Workspace::new(stage)?;
    place.tmp = place.tmp.join("a,b c");
    fs::create_dir(&place.tmp)?;
    let out = place.path("out");
    says(5, &mut place.run(&out, &[])?)?;
    unmeasured(
        &place,
        &out,
        "containerd",
        "an overlay mount takes no path with `,`",
    )
}
