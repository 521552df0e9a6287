//! `skopeo copy docker://… dir:…`.

use super::{
    Call, MOON, PANIC, Played, Refusal, be_killed, copy_dir, die_of_signal, err, garbage, hang,
    hide_somebody,
    image::{Image, Reference, matching},
    leave_somebody_behind, out, remembered, shout, wait_for_go,
};
use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

const WITH_VALUE: [&str; 5] = [
    "--policy",
    "--override-os",
    "--override-arch",
    "--override-variant",
    "--digestfile",
];

pub(super) fn play(call: &Call) -> Played {
    if call.args == ["--version"] {
        out("skopeo version 9.9.9");
        return Ok(0);
    }
    match call.words(&WITH_VALUE)[..] {
        ["copy", source, target] => {
            let source = source.trim_start_matches("docker://");
            let target = Path::new(target.trim_start_matches("dir:"));
            copy(call, source, target)
        }
        _ => Err(fatal("unknown command")),
    }
}

/// The case that a repository is of; the first part of its name is of the trial.
fn case_of(reference: &Reference) -> &str {
    let repository = &reference.repository;
    repository.split_once('/').map_or("", |(_, case)| case)
}

/// In the words of the logger that skopeo uses.
fn fatal(words: &str) -> Refusal {
    let words = words.replace('"', "\\\"");
    format!("time=\"2026-01-01T00:00:00Z\" level=fatal msg=\"{words}\"").into()
}

fn copy(call: &Call, source: &str, target: &Path) -> Played {
    let reference = Reference::parse(source)?;
    let mode = call.mode_for(&reference.repository);
    let platform = format!(
        "{}/{}",
        call.option("--override-os").unwrap_or_default(),
        call.option("--override-arch").unwrap_or_default()
    );
    let report = |digest: &str| match call.option("--digestfile") {
        Some(file) => fs::write(file, digest),
        None => Ok(()),
    };
    match mode {
        "refuses-before-asking" => return Err(fatal("unknown flag: --override-os")),
        "says-nothing-before-asking" => return Ok(1),
        "never-fetches" => {
            let given = call.folder.join("given").join(case_of(&reference));
            copy_dir(&given, target)?;
            report(&fs::read_to_string(given.join("digest"))?)?;
            return Ok(0);
        }
        _ => {}
    }
    let entries = reference.entries()?;
    match mode {
        "waits" => wait_for_go(call),
        "hangs" => {
            err("Getting image source signatures");
            hang();
        }
        "prints-garbage" => {
            io::stdout().write_all(&garbage(1 << 16))?;
            io::stderr().write_all(&garbage(1 << 16))?;
            return Ok(1);
        }
        "prints-without-end" => return Ok(shout()?),
        "dies-of-signal" => die_of_signal(),
        "is-killed" => be_killed(),
        "is-killed-once" if call.count(case_of(&reference))? == 1 => be_killed(),
        "hides-somebody" => hide_somebody(&call.folder)?,
        "hides-somebody and waits" => {
            hide_somebody(&call.folder)?;
            wait_for_go(call);
        }
        "panics" => {
            return Err(Refusal {
                words: PANIC.to_owned(),
                code: 2,
            });
        }
        "unknown-words" => return Err(fatal(MOON)),
        "silent-failure" => return Ok(1),
        "no-space" => return Err(fatal("writing blob: write x: no space left on device")),
        _ => {}
    }
    let found = matching(&entries, &platform);
    let index = match mode {
        "refuses-annotations" | "refuses-what-it-does-not-know" => reference.index()?,
        _ => serde_json::Value::Null,
    };
    let entry_has = |key: &str| {
        let entries = index["manifests"].as_array().into_iter().flatten();
        entries.into_iter().any(|entry| !entry[key].is_null())
    };
    let has = |key: &str| !index[key].is_null() || entry_has(key);
    let chosen = match mode {
        "always-first" => entries.first(),
        "always-last" => entries.last(),
        // The last where there are more than two, and otherwise the first.
        "counts" if entries.len() > 2 => found.last().copied(),
        "looks-at-the-first-entry" => entries.first().filter(|entry| entry.is_for(&platform)),
        "refuses-annotations" => found.first().copied().filter(|_| !has("annotations")),
        "refuses-what-it-does-not-know" => found
            .first()
            .copied()
            .filter(|_| !has("org.example.unknown")),
        "alternates" if call.count(case_of(&reference))? % 2 == 0 => entries.last(),
        _ => found.first().copied(),
    };
    let Some(chosen) = chosen else {
        let arch = platform.split('/').nth(1).unwrap_or_default();
        return Err(fatal(&format!(
            "choosing an image from manifest list docker://{source}: no image found in image \
             index for architecture {arch}, variant \"\", OS linux"
        )));
    };
    if chosen.is_index {
        return Err(fatal(
            "copying system image from manifest list: Unexpectedly received a manifest list \
             instead of a manifest for a single image",
        ));
    }
    let image = reference.image(&chosen.digest)?;
    let other = || match entries.last() {
        Some(last) => reference.image(&last.digest),
        None => Err("no entries".to_owned()),
    };
    match mode {
        "honest"
        | "always-first"
        | "always-last"
        | "alternates"
        | "is-killed-once"
        | "hides-somebody"
        | "waits"
        | "counts"
        | "looks-at-the-first-entry"
        | "refuses-annotations"
        | "refuses-what-it-does-not-know" => {
            materialise(&image, target)?;
            report(&image.digest)?;
        }
        "fails-after-all" => {
            materialise(&image, target)?;
            report(&image.digest)?;
            return Err(fatal(MOON));
        }
        "remembers" => {
            match remembered(target, "image") {
                Some(earlier) => copy_dir(&earlier, target)?,
                None => materialise(&image, target)?,
            }
            report(&image.digest)?;
        }
        "fetches-all" => {
            other()?;
            materialise(&image, target)?;
            report(&image.digest)?;
        }
        "lies-about-digest" => {
            materialise(&image, target)?;
            report(&other()?.digest)?;
        }
        "swaps-content" => {
            materialise(&other()?, target)?;
            report(&image.digest)?;
        }
        "succeeds-with-nothing" => report(&image.digest)?,
        "reports-nothing" => materialise(&image, target)?,
        "forgets-a-layer" => {
            materialise(&image, target)?;
            fs::remove_file(target.join(image.layers[0].encoded()))?;
            report(&image.digest)?;
        }
        "fills-the-disk" => {
            materialise(&image, target)?;
            let mut store = fs::File::create(target.join("store"))?;
            while store.write_all(&[b'!'; 1 << 16]).is_ok() {}
            // So said skopeo 1.18.
            return Err(fatal(&format!(
                "writing blob: write {}: no space left on device",
                target.display()
            )));
        }
        "stale" => {
            copy_dir(&call.folder.join("given/stale"), target)?;
            report(&image.digest)?;
        }
        "forks-and-exits" => {
            leave_somebody_behind()?;
            materialise(&image, target)?;
            report(&image.digest)?;
        }
        other => return Err(fatal(&format!("no such mode: {other}"))),
    }
    out("Copying config\nWriting manifest to image destination");
    Ok(0)
}

/// Writes an image as the `dir:` transport does.
fn materialise(image: &Image, dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("version"), "Directory Transport Version: 1.1\n")?;
    fs::write(dir.join("manifest.json"), &image.manifest)?;
    for blob in image.layers.iter().chain([&image.config]) {
        fs::write(dir.join(blob.encoded()), &blob.bytes)?;
    }
    Ok(())
}
