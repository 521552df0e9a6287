//! The layouts, and what is to come of each by what it is made of.

use crate::writer::{Archive, INDEX, Layout, Wrap};
use ocipick_adapters::{Runtime, Tool};
use ocipick_records::Operation;
use serde_json::{Value, json};
use std::{fs, path::Path};
use tar::EntryType;

/// What may come of asking for linux/amd64.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// This child.
    Picks(&'static str),
    /// This child, or a refusal.
    PicksOrRefuses(&'static str),
    /// The child below all others, or a refusal.
    PicksDeepestOrRefuses,
    /// A refusal.
    Refuses,
    /// This child, a refusal, or nothing usable.
    PicksOrFails(&'static str),
}

impl Expect {
    /// What the runtime may make of it, where tools are known to differ.
    pub(crate) fn of(self, id: &str, runtime: &Runtime) -> Self {
        let begins = |start: &str| runtime.version.starts_with(start);
        match id {
            // Read since docker 23 (moby/moby#40995).
            "zstd" | "skopeo-zstd" if runtime.tool.as_str() == "docker" && begins("20.") => {
                Self::PicksOrRefuses("manifests[0]")
            }
            // What is asked for without a variant is any of them to go-containerregistry, and the
            // first is taken (google/go-containerregistry, v1.Platform.Satisfies).
            "v3-first" if ["crane", "oras"].contains(&runtime.tool.as_str()) => {
                Self::Picks("manifests[0]")
            }
            // It looks at no variant.
            "v3-first" if runtime.tool.as_str() == "systemd" => Self::Picks("manifests[0]"),
            // It takes no types but those of OCI.
            "docker-save" if runtime.tool.as_str() == "systemd" => Self::PicksOrRefuses("manifest"),
            // Seen once: ctr asked for index, manifest and config, never for the layer, and then failed to
            // unpack it ("failed to get reader from content store"). Mostly it picks.
            "digest-twice" if runtime.tool.as_str() == "containerd" => {
                Self::PicksOrFails("manifests[0]")
            }
            // What ctr fetches it keeps, and only then finds that it cannot be unpacked.
            "schema1" => Self::PicksOrFails("manifest"),
            // No config here has a `history`, which it asks for.
            _ if runtime.tool.as_str() == "charliecloud" => self.or_refuses(),
            _ => self,
        }
    }

    fn or_refuses(self) -> Self {
        match self {
            Self::Picks(child) => Self::PicksOrRefuses(child),
            Self::PicksOrRefuses(_)
            | Self::PicksDeepestOrRefuses
            | Self::Refuses
            | Self::PicksOrFails(_) => self,
        }
    }
}

/// A layout that is always there.
pub(crate) struct Fixture {
    pub(crate) id: &'static str,
    /// The ids of its cases behind its own, with what comes of each.
    pub(crate) cases: &'static [(&'static str, Expect)],
    pub(crate) make: fn(&Layout) -> anyhow::Result<()>,
}

/// A layout that must be refused when it is read.
pub(crate) struct Refused {
    pub(crate) id: &'static str,
    pub(crate) make: fn(&Path) -> anyhow::Result<()>,
    pub(crate) words: &'static str,
}

/// What an image that tries to write to the host would write if it could, below `/tmp`.
pub(crate) fn canary(kind: &str) -> String {
    format!("ocipick-foreign-canary-{}-{kind}", std::process::id())
}

/// The file of the host with a secret in it, for links that lead there.
pub(crate) fn secret_file() -> String {
    format!("/tmp/ocipick-foreign-secret-{}", std::process::id())
}

fn amd64() -> Value {
    json!({ "architecture": "amd64", "os": "linux" })
}

fn arm64() -> Value {
    json!({ "architecture": "arm64", "os": "linux" })
}

/// One image for linux/amd64 with this archive, in an index of its own.
fn alone(layout: &Layout, archive: Archive, wrap: Wrap) -> anyhow::Result<()> {
    let image = layout.plain_image(&amd64(), archive, wrap)?;
    layout.index(&[image])
}

fn system(layout: &Layout, platform: &Value, say: &str) -> anyhow::Result<Value> {
    layout.plain_image(platform, Archive::system(say), Wrap::Gzip)
}

const FIRST: &[(&str, Expect)] = &[("", Expect::Picks("manifests[0]"))];
const FIRST_OR_NONE: &[(&str, Expect)] = &[("", Expect::PicksOrRefuses("manifests[0]"))];
const SECOND: &[(&str, Expect)] = &[("", Expect::Picks("manifests[1]"))];
const ITSELF: &[(&str, Expect)] = &[("", Expect::Picks("manifest"))];

pub(crate) const FIXTURES: &[Fixture] = &[
    Fixture {
        id: "multi-arch",
        cases: SECOND,
        make: |layout| {
            let arm64 = system(layout, &arm64(), "arm64")?;
            let amd64 = system(layout, &amd64(), "amd64")?;
            layout.index(&[arm64, amd64])
        },
    },
    Fixture {
        id: "zstd",
        cases: FIRST,
        make: |layout| alone(layout, Archive::system("zstd"), Wrap::Zstd),
    },
    Fixture {
        id: "uncompressed",
        cases: FIRST,
        make: |layout| alone(layout, Archive::system("plain"), Wrap::Plain),
    },
    Fixture {
        id: "whiteouts",
        cases: FIRST,
        make: |layout| {
            let base = layout.layer(&Archive::system("base").bytes(), Wrap::Gzip)?;
            let top = Archive::new()
                .file("etc/.wh.passwd", b"")
                .file("var/lib/.wh..wh..opq", b"")
                .file("etc/motd", b"top\n");
            let top = layout.layer(&top.bytes(), Wrap::Gzip)?;
            let image = layout.image(&amd64(), &[base, top])?;
            layout.index(&[image])
        },
    },
    Fixture {
        id: "no-shell",
        cases: FIRST,
        make: |layout| alone(layout, Archive::new().file("tool", b"\x7fELF"), Wrap::Gzip),
    },
    Fixture {
        // Some versions of docker refuse images without a layer.
        id: "no-layers",
        cases: FIRST_OR_NONE,
        make: |layout| {
            let image = layout.image(&amd64(), &[])?;
            layout.index(&[image])
        },
    },
    Fixture {
        id: "one-empty-layer",
        cases: FIRST,
        make: |layout| alone(layout, Archive::new(), Wrap::Gzip),
    },
    Fixture {
        id: "windows-beside",
        cases: SECOND,
        make: |layout| {
            let windows =
                json!({ "architecture": "amd64", "os": "windows", "os.version": "10.0.20348.1" });
            let files = Archive::new().entry("Files/", EntryType::Directory, b"", None);
            let windows = layout.plain_image(&windows, files, Wrap::Gzip)?;
            let linux = system(layout, &amd64(), "linux")?;
            layout.index(&[windows, linux])
        },
    },
    Fixture {
        id: "attested",
        cases: FIRST,
        make: |layout| {
            let image = system(layout, &amd64(), "attested")?;
            let statement = json!({
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": "https://slsa.dev/provenance/v0.2", "subject": [], "predicate": {},
            });
            let statement = statement.to_string();
            let layer = layout.document("application/vnd.in-toto+json", statement.as_bytes())?;
            let diff_id = layer["digest"].as_str().unwrap_or_default().to_owned();
            let unknown = json!({ "architecture": "unknown", "os": "unknown" });
            let mut attestation = layout.image(&unknown, &[(layer, diff_id)])?;
            attestation["annotations"] = json!({
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": image["digest"],
            });
            layout.index(&[image, attestation])
        },
    },
    Fixture {
        id: "two-names",
        cases: &[
            (":1.0", Expect::Picks("manifest")),
            (":2.0", Expect::Picks("manifest")),
        ],
        make: |layout| {
            let one = system(layout, &amd64(), "one")?;
            let two = system(layout, &amd64(), "two")?;
            layout.name(&[
                (one.clone(), Some("1.0")),
                (two, Some("2.0")),
                (one, Some("latest")),
            ])
        },
    },
    Fixture {
        // As `docker save` of 25 and later writes it: a layout with the old table beside it.
        id: "docker-save",
        cases: ITSELF,
        make: |layout| {
            let image = system(layout, &amd64(), "saved")?;
            let digest = image["digest"].as_str().unwrap_or_default();
            let manifest: Value = serde_json::from_slice(&fs::read(layout.path(digest))?)?;
            let blob = |of: &Value| {
                let digest = of["digest"].as_str().unwrap_or_default();
                format!("blobs/{}", digest.replace(':', "/"))
            };
            let table = json!([{
                "Config": blob(&manifest["config"]), "RepoTags": ["example:1.0"],
                "Layers": [blob(&manifest["layers"][0])],
            }]);
            fs::write(layout.dir().join("manifest.json"), table.to_string())?;
            fs::write(layout.dir().join("repositories"), "{}")?;
            layout.name(&[(image, Some("1.0"))])
        },
    },
    Fixture {
        id: "single-manifest",
        cases: ITSELF,
        make: |layout| {
            let image = system(layout, &amd64(), "single")?;
            layout.name(&[(image, None)])
        },
    },
    Fixture {
        id: "v3-first",
        cases: SECOND,
        make: |layout| {
            let v3 = json!({ "architecture": "amd64", "os": "linux", "variant": "v3" });
            let v3 = system(layout, &v3, "v3")?;
            let plain = system(layout, &amd64(), "plain")?;
            layout.index(&[v3, plain])
        },
    },
    Fixture {
        // Support for it went step by step.
        id: "schema1",
        cases: &[("", Expect::PicksOrRefuses("manifest"))],
        make: |layout| {
            let layer = layout.layer(&Archive::system("schema1").bytes(), Wrap::Gzip)?;
            let compatibility = json!({
                "id": "1".repeat(64), "created": "2026-01-01T00:00:00Z", "architecture": "amd64",
                "os": "linux", "config": { "Cmd": ["/usr/bin/say"] },
            });
            let manifest = json!({
                "schemaVersion": 1, "name": "schema1", "tag": "latest", "architecture": "amd64",
                "fsLayers": [{ "blobSum": layer.0["digest"] }],
                "history": [{ "v1Compatibility": compatibility.to_string() }],
            });
            let media_type = "application/vnd.docker.distribution.manifest.v1+json";
            let manifest = layout.document(media_type, manifest.to_string().as_bytes())?;
            layout.name(&[(manifest, Some("latest"))])
        },
    },
    Fixture {
        id: "child-file",
        cases: FIRST,
        make: |layout| {
            alone(
                layout,
                Archive::system("x").file("child", b"hello\n"),
                Wrap::Gzip,
            )
        },
    },
    Fixture {
        id: "ocipick-file",
        cases: FIRST,
        make: |layout| {
            alone(
                layout,
                Archive::system("x").file("ocipick", b"hello\n"),
                Wrap::Gzip,
            )
        },
    },
    Fixture {
        id: "empty-marker",
        cases: FIRST,
        make: |layout| {
            let archive = Archive::system("x")
                .entry("ocipick/", EntryType::Directory, b"", None)
                .file("ocipick/child", b"");
            alone(layout, archive, Wrap::Gzip)
        },
    },
    Fixture {
        id: "shared-config",
        cases: FIRST,
        make: |layout| {
            let image = system(layout, &amd64(), "shared")?;
            let digest = image["digest"].as_str().unwrap_or_default();
            let mut other: Value = serde_json::from_slice(&fs::read(layout.path(digest))?)?;
            other["annotations"] = json!({ "org.example.note": "the same but for this" });
            let bytes = other.to_string();
            let mut other = layout.document(crate::writer::MANIFEST, bytes.as_bytes())?;
            other["platform"] = arm64();
            layout.index(&[image, other])
        },
    },
    Fixture {
        id: "shared-layer",
        cases: SECOND,
        make: |layout| {
            let layer = layout.layer(&Archive::system("shared").bytes(), Wrap::Gzip)?;
            let arm64 = layout.image(&arm64(), std::slice::from_ref(&layer))?;
            let amd64 = layout.image(&amd64(), &[layer])?;
            layout.index(&[arm64, amd64])
        },
    },
    Fixture {
        id: "digest-twice",
        cases: FIRST,
        make: |layout| {
            let image = system(layout, &amd64(), "twice")?;
            let mut again = image.clone();
            again["platform"] = arm64();
            layout.index(&[image, again])
        },
    },
    Fixture {
        id: "missing-child",
        cases: &[("", Expect::Refuses)],
        make: |layout| {
            let other = system(layout, &arm64(), "arm64")?;
            let gone = system(layout, &amd64(), "gone")?;
            fs::remove_file(layout.path(gone["digest"].as_str().unwrap_or_default()))?;
            layout.index(&[other, gone])
        },
    },
    Fixture {
        // Readers that fold keys as Go does find the entry; those that mind the case find none.
        id: "folded-keys",
        cases: FIRST_OR_NONE,
        make: |layout| {
            let image = system(layout, &amd64(), "folded")?;
            let index =
                json!({ "schemaVersion": 2, "mediaType": INDEX, "manife\u{17f}ts": [image] });
            let index = layout.document(INDEX, index.to_string().as_bytes())?;
            layout.name(&[(index, Some("latest"))])
        },
    },
    Fixture {
        id: "marker-is-link-to-host",
        cases: FIRST_OR_NONE,
        make: |layout| {
            let archive = Archive::system("x")
                .entry("ocipick/", EntryType::Directory, b"", None)
                .entry(
                    "ocipick/child",
                    EntryType::Symlink,
                    b"",
                    Some(&secret_file()),
                );
            alone(layout, archive, Wrap::Gzip)
        },
    },
    Fixture {
        id: "marker-folder-is-link-to-host",
        cases: FIRST_OR_NONE,
        make: |layout| {
            let folder = format!("{}.d", secret_file());
            let link = Some(folder.as_str());
            let archive = Archive::system("x").entry("ocipick", EntryType::Symlink, b"", link);
            alone(layout, archive, Wrap::Gzip)
        },
    },
    Fixture {
        id: "marker-is-fifo",
        cases: FIRST_OR_NONE,
        make: |layout| {
            let archive = Archive::system("x")
                .entry("ocipick/", EntryType::Directory, b"", None)
                .entry("ocipick/child", EntryType::Fifo, b"", None);
            alone(layout, archive, Wrap::Gzip)
        },
    },
    Fixture {
        id: "marker-is-device",
        cases: FIRST_OR_NONE,
        make: |layout| {
            let archive = Archive::system("x")
                .entry("ocipick/", EntryType::Directory, b"", None)
                .entry("ocipick/child", EntryType::Char, b"", None);
            alone(layout, archive, Wrap::Gzip)
        },
    },
    Fixture {
        id: "bomb",
        cases: FIRST,
        make: |layout| {
            alone(
                layout,
                Archive::system("x").file("zeros", &[0; 32 << 20]),
                Wrap::Gzip,
            )
        },
    },
    Fixture {
        id: "hard-link-to-host",
        // Whoever unpacks it finds no such file below the root.
        cases: &[("", Expect::PicksOrRefuses("manifests[0]"))],
        make: |layout| {
            let target = format!("{}{}", "../".repeat(12), &secret_file()[1..]);
            let archive = Archive::system("x")
                .entry("ocipick/", EntryType::Directory, b"", None)
                .entry("ocipick/child", EntryType::Link, b"", Some(&target));
            alone(layout, archive, Wrap::Gzip)
        },
    },
    Fixture {
        id: "escapes",
        cases: FIRST_OR_NONE,
        make: |layout| {
            let up = "../".repeat(12);
            let archive = Archive::system("x")
                .file(&format!("{up}tmp/{}", canary("up")), b"x")
                .file(&format!("/tmp/{}", canary("absolute")), b"x")
                .entry("link", EntryType::Symlink, b"", Some("/tmp"))
                .file(&format!("link/{}", canary("link")), b"x");
            alone(layout, archive, Wrap::Gzip)
        },
    },
];

/// Those that take long, for `make hostile`.
pub(crate) const LONG: &[Fixture] = &[
    Fixture {
        id: "long/bomb",
        cases: FIRST,
        make: |layout| {
            let zeros = vec![0; 1 << 30];
            alone(
                layout,
                Archive::system("x").file("zeros", &zeros),
                Wrap::Gzip,
            )
        },
    },
    Fixture {
        // Some tools stop at 4 MiB of index, and others at 8.
        id: "long/entries",
        cases: &[("", Expect::PicksOrRefuses("manifests[50000]"))],
        make: |layout| {
            let other = system(layout, &arm64(), "arm64")?;
            let mut entries = vec![other; 50_000];
            entries.push(system(layout, &amd64(), "amd64")?);
            layout.index(&entries)
        },
    },
    Fixture {
        // ctr and crane follow indexes as deep as that.
        id: "long/nested",
        cases: &[("", Expect::PicksDeepestOrRefuses)],
        make: |layout| {
            let mut inner = system(layout, &amd64(), "amd64")?;
            for _ in 0..1000 {
                let index = json!({
                    "schemaVersion": 2, "mediaType": INDEX, "manifests": [inner],
                });
                inner = layout.document(INDEX, index.to_string().as_bytes())?;
                inner["platform"] = amd64();
            }
            layout.index(&[inner])
        },
    },
];

pub(crate) const REFUSED: &[Refused] = &[
    Refused {
        id: "blob-is-link-to-host",
        make: |dir| {
            fs::create_dir_all(dir.join("blobs/foo"))?;
            std::os::unix::fs::symlink(secret_file(), dir.join("blobs/foo/bar"))?;
            Ok(())
        },
        words: "blobs/foo/bar: a symbolic link leads out of",
    },
    Refused {
        id: "index-is-fifo",
        make: |dir| {
            fs::remove_file(dir.join("index.json"))?;
            nix::unistd::mkfifo(&dir.join("index.json"), nix::sys::stat::Mode::S_IRWXU)?;
            Ok(())
        },
        words: "index.json: is a FIFO",
    },
    Refused {
        id: "index-has-no-end",
        make: |dir| {
            fs::remove_file(dir.join("index.json"))?;
            std::os::unix::fs::symlink("/dev/zero", dir.join("index.json"))?;
            Ok(())
        },
        words: "index.json: a symbolic link leads out of",
    },
    Refused {
        id: "blob-is-huge",
        make: |dir| {
            let huge = fs::File::create(dir.join("blobs/sha256").join("0".repeat(64)))?;
            huge.set_len(40 << 30)?;
            Ok(())
        },
        words: "this blob has 42949672960 bytes",
    },
];

/// An ordinary layout, for what is done to it afterwards.
pub(crate) fn ordinary(layout: &Layout) -> anyhow::Result<()> {
    alone(layout, Archive::system("ordinary"), Wrap::Gzip)
}

/// Whether nobody can say which of two children that share everything it is: an import makes no requests,
/// and ctr fetches the manifests of all platforms.
pub(crate) fn cannot_be_told(id: &str, operation: Operation, tool: Tool) -> bool {
    matches!(id, "shared-config" | "shared-layer")
        && (operation == Operation::Import || tool.as_str() == "containerd")
}
