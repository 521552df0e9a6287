//! What the store of an engine has: two looks at it, which know nothing of each other.

use super::{DockerSession, LOOK};
use crate::{
    Ask, Attempt, Identity, Looked, Sign,
    adapter::MARKER_LABEL,
    mutant,
    process::{Ran, RunError},
    tools::image::{looked, marker_in_tar, sign},
};
use ocipick_corpus::Platform;
use serde_json::Value;
use std::iter;

impl DockerSession {
    /// Looks at what the store has for the reference: by inspecting the image, and by making a
    /// container of it and taking the marker file out of that.
    pub(super) fn look(
        &self,
        attempt: &mut Attempt,
        ask: &Ask<'_>,
        reference: &str,
        container: &str,
    ) -> Result<(), RunError> {
        let reference = &*mutant::looked_at(reference);
        let classic = self.runtime.flavour.is_none();
        let mut reported = Vec::new();
        // With containerd's store `image inspect` speaks of the default platform, and some
        // versions cannot inspect what they can run; only the container tells there.
        if classic {
            let inspected = self.inspect(attempt, reference)?;
            let Some(image) = inspected else {
                let words = attempt.commands.last().map(Ran::last_words);
                attempt.reported = Looked::Absent(words.unwrap_or_default());
                attempt.materialised = attempt.reported.clone();
                return Ok(());
            };
            if let Some(id) = image["Id"].as_str() {
                reported.push(sign(
                    "docker image inspect",
                    Identity::ConfigDigest(id.to_owned()),
                ));
            }
            reported.extend(label("docker image inspect", &image));
        }
        if let Some(words) = self.create(attempt, ask, reference, container)? {
            attempt.reported = looked(reported, &words);
            attempt.materialised = Looked::Absent(words);
            return Ok(());
        }
        let at = attempt.keep(self.docker(&["container", "inspect", container], LOOK)?);
        let inspected = first(&attempt.commands[at].stdout());
        let source = "docker container inspect";
        reported.extend(label(source, &inspected));
        if let Some(manifest) = inspected["ImageManifestDescriptor"]["digest"].as_str() {
            reported.push(sign(source, Identity::ManifestDigest(manifest.to_owned())));
        } else if let (true, Some(id)) = (classic, inspected["Image"].as_str()) {
            reported.push(sign(source, Identity::ConfigDigest(id.to_owned())));
        }
        attempt.reported = looked(reported, "docker names neither an id nor a label");
        let file = format!("{container}:/ocipick/child");
        let at = attempt.keep(self.docker(&["cp", &file, "-"], LOOK)?);
        let copied = &attempt.commands[at];
        attempt.materialised = if copied.exit.is_success() {
            match marker_in_tar(&*copied.stdout_bytes()) {
                Ok(Some(marker)) => Looked::Seen(vec![sign("docker cp", Identity::Marker(marker))]),
                Ok(None) => Looked::Failed("docker cp copied something else".to_owned()),
                Err(error) => Looked::Failed(format!("docker cp: {error}")),
            }
        } else if !is_no_such_file(&copied.stderr()) {
            Looked::Failed(format!("docker cp: {}", copied.last_words()))
        } else if classic {
            let image = self.inspect(attempt, reference)?.unwrap_or_default();
            let layers = strings(&image["RootFS"]["Layers"]);
            let signs = if layers.is_empty() {
                Vec::new()
            } else {
                vec![sign("docker image inspect", Identity::DiffIds(layers))]
            };
            looked(signs, "the image has no layers")
        } else {
            // There `image inspect` may speak of another image under the reference than the container's.
            Looked::Absent("the container has no such file".to_owned())
        };
        Ok(())
    }

    /// What `image inspect` prints, unless it fails.
    fn inspect(&self, attempt: &mut Attempt, reference: &str) -> Result<Option<Value>, RunError> {
        let at = attempt.keep(self.docker(&["image", "inspect", reference], LOOK)?);
        let inspected = &attempt.commands[at];
        let succeeded = inspected.exit.is_success();
        Ok(succeeded.then(|| first(&inspected.stdout())))
    }

    /// Makes a container of the image, without ever pulling again. Returns the words of docker
    /// where that is impossible.
    fn create(
        &self,
        attempt: &mut Attempt,
        ask: &Ask<'_>,
        reference: &str,
        container: &str,
    ) -> Result<Option<String>, RunError> {
        let platform = ask.platform_args();
        let mut create = |platform: &[String]| -> Result<Option<String>, RunError> {
            let mut args = vec!["create", "--pull", "never", "--name", container];
            args.extend(platform.iter().map(String::as_str));
            // Without a command docker refuses images that name none, which is another matter.
            args.extend([reference, "/ocipick/say"]);
            let at = attempt.keep(self.docker(&args, ask.deadline)?);
            let created = &attempt.commands[at];
            Ok((!created.exit.is_success()).then(|| created.last_words()))
        };
        // The classic store has one image under a reference. The other has one per platform,
        // and is first asked for the one that was pulled; where that was left to the engine, the
        // container is left to it, too.
        if self.runtime.flavour.is_none() || platform.is_empty() {
            return create(&[]);
        }
        let Some(words) = create(&platform)? else {
            return Ok(None);
        };
        // What was pulled for another variant than the one asked for is there only by its own name.
        let fallbacks = ask.platform.map(fallbacks).unwrap_or_default();
        let others = iter::once(None).chain(fallbacks.iter().map(Some));
        for other in others {
            let args = other.map_or_else(Vec::new, |other| {
                vec!["--platform".to_owned(), other.to_string()]
            });
            if create(&args)?.is_none() {
                let with = other.map_or_else(
                    || format!("without {}", platform.join(" ")),
                    |other| format!("with --platform {other}"),
                );
                attempt.notes.push(format!(
                    "a container can be made of the image only {with}: {words}"
                ));
                return Ok(None);
            }
        }
        Ok(Some(words))
    }
}

/// The variants that an image for `asked` may have instead, best first: those that a processor for
/// `asked` runs as well.
fn fallbacks(asked: &Platform) -> Vec<Platform> {
    let variant = asked.variant.as_deref();
    let lower: &[&str] = match (asked.architecture.as_str(), variant) {
        ("arm", Some("v8")) => &["v7", "v6", "v5"],
        ("arm", Some("v7") | None) => &["v6", "v5"],
        ("arm", Some("v6")) => &["v5"],
        ("amd64", Some("v4")) => &["v3", "v2", "v1"],
        ("amd64", Some("v3")) => &["v2", "v1"],
        ("amd64", Some("v2")) => &["v1"],
        _ => &[],
    };
    lower
        .iter()
        .map(|&variant| Platform {
            variant: Some(variant.to_owned()),
            ..asked.clone()
        })
        .collect()
}

/// How every version words that the root file system has no such file.
fn is_no_such_file(stderr: &str) -> bool {
    [
        "Could not find the file",
        "no such file or directory",
        "No such container:path",
    ]
    .iter()
    .any(|words| stderr.contains(words))
}

/// The first object of what `inspect` prints.
fn first(printed: &str) -> Value {
    serde_json::from_str::<Value>(printed).map_or(Value::Null, |mut all| all[0].take())
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn label(source: &'static str, inspected: &Value) -> Option<Sign> {
    inspected["Config"]["Labels"][MARKER_LABEL]
        .as_str()
        .map(|label| sign(source, Identity::Label(label.to_owned())))
}
