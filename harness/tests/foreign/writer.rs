//! A tiny writer of OCI layouts: archives, configs, manifests and indexes as files, without the generator of
//! the corpus.

use anyhow::Context as _;
use flate2::{Compression, write::GzEncoder};
use ocipick_corpus::Digest;
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};
use tar::EntryType;

pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// How a layer is stored.
#[derive(Clone, Copy)]
pub(crate) enum Wrap {
    Gzip,
    Zstd,
    Plain,
}

/// A tar archive, written entry by entry, without anything being refused.
pub(crate) struct Archive(tar::Builder<Vec<u8>>);

impl Archive {
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// The files of a small system, with directories, links and modes.
    pub(crate) fn system(say: &str) -> Self {
        let mut archive = Self::new();
        for dir in ["etc/", "usr/", "usr/bin/", "var/", "var/lib/"] {
            archive = archive.entry(dir, EntryType::Directory, b"", None);
        }
        archive
            .entry("bin", EntryType::Symlink, b"", Some("usr/bin"))
            .file("etc/hostname", say.as_bytes())
            .file("etc/passwd", b"root:x:0:0:root:/:/usr/bin/say\n")
            .file("usr/bin/say", format!("#!/bin/sh\necho {say}\n").as_bytes())
            .entry("usr/bin/tell", EntryType::Link, b"", Some("usr/bin/say"))
    }

    pub(crate) fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.entry(name, EntryType::Regular, bytes, None)
    }

    pub(crate) fn entry(
        mut self,
        name: &str,
        kind: EntryType,
        bytes: &[u8],
        link: Option<&str>,
    ) -> Self {
        let mut header = tar::Header::new_gnu();
        // Names are put there as they are: `set_path` refuses what others write.
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        if let Some(link) = link {
            old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        }
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1);
        header.set_size(bytes.len() as u64);
        if matches!(kind, EntryType::Char) {
            // That of /dev/zero.
            let _ = header.set_device_major(1);
            let _ = header.set_device_minor(5);
        }
        header.set_cksum();
        self.0
            .append(&header, bytes)
            .expect("writing to memory does not fail");
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
            .into_inner()
            .expect("writing to memory does not fail")
    }
}

/// A layout that is being written.
pub(crate) struct Layout {
    dir: PathBuf,
}

impl Layout {
    pub(crate) fn new(dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir.join("blobs/sha256"))?;
        fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
        Ok(Self {
            dir: dir.to_owned(),
        })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn path(&self, digest: &str) -> PathBuf {
        self.dir.join("blobs").join(digest.replace(':', "/"))
    }

    /// Writes a blob; its digest.
    pub(crate) fn blob(&self, bytes: &[u8]) -> anyhow::Result<String> {
        let digest = Digest::sha256(bytes).to_string();
        fs::write(self.path(&digest), bytes).with_context(|| digest.clone())?;
        Ok(digest)
    }

    /// Writes a document; a descriptor of it.
    pub(crate) fn document(&self, media_type: &str, bytes: &[u8]) -> anyhow::Result<Value> {
        let digest = self.blob(bytes)?;
        Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
    }

    /// Writes a layer; a descriptor of it, and its diff id.
    pub(crate) fn layer(&self, archive: &[u8], wrap: Wrap) -> anyhow::Result<(Value, String)> {
        let (end, stored) = match wrap {
            Wrap::Plain => ("", archive.to_vec()),
            Wrap::Zstd => ("+zstd", zstd(archive)),
            Wrap::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(archive)?;
                ("+gzip", encoder.finish()?)
            }
        };
        let descriptor = self.document(&format!("{LAYER}{end}"), &stored)?;
        Ok((descriptor, Digest::sha256(archive).to_string()))
    }

    /// Writes config and manifest of an image; a descriptor of it, with its platform.
    pub(crate) fn image(
        &self,
        platform: &Value,
        layers: &[(Value, String)],
    ) -> anyhow::Result<Value> {
        let diff_ids: Vec<&String> = layers.iter().map(|(_, diff_id)| diff_id).collect();
        let mut config = platform.clone();
        config["created"] = json!("2026-01-01T00:00:00Z");
        config["config"] = json!({ "Cmd": ["/usr/bin/say"], "Env": ["PATH=/usr/bin"] });
        config["rootfs"] = json!({ "type": "layers", "diff_ids": diff_ids });
        let config = self.document(CONFIG, config.to_string().as_bytes())?;
        let layers: Vec<&Value> = layers.iter().map(|(layer, _)| layer).collect();
        self.manifest(platform, &config, &layers)
    }

    /// Writes a manifest of parts; a descriptor of it.
    pub(crate) fn manifest(
        &self,
        platform: &Value,
        config: &Value,
        layers: &[&Value],
    ) -> anyhow::Result<Value> {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        });
        let mut descriptor = self.document(MANIFEST, manifest.to_string().as_bytes())?;
        descriptor["platform"] = platform.clone();
        Ok(descriptor)
    }

    /// An image of one layer in which there is this archive.
    pub(crate) fn plain_image(
        &self,
        platform: &Value,
        archive: Archive,
        wrap: Wrap,
    ) -> anyhow::Result<Value> {
        let layer = self.layer(&archive.bytes(), wrap)?;
        self.image(platform, &[layer])
    }

    /// Writes an index of entries, and names it in `index.json`.
    pub(crate) fn index(&self, entries: &[Value]) -> anyhow::Result<()> {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
        let index = self.document(INDEX, index.to_string().as_bytes())?;
        self.name(&[(index, Some("latest"))])
    }

    /// Writes `index.json`.
    pub(crate) fn name(&self, entries: &[(Value, Option<&str>)]) -> anyhow::Result<()> {
        let entries = entries.iter().map(|(descriptor, name)| {
            let mut descriptor = descriptor.clone();
            if let Some(name) = name {
                descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
            }
            descriptor
        });
        let entries: Vec<Value> = entries.collect();
        let text = json!({ "schemaVersion": 2, "manifests": entries }).to_string();
        fs::write(self.dir.join("index.json"), text)?;
        Ok(())
    }
}

/// One zstd frame of raw blocks (RFC 8878), which every decoder reads.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
    let mut blocks = bytes.chunks(128 << 10).peekable();
    while let Some(block) = blocks.next() {
        let last = u32::from(blocks.peek().is_none());
        let header = u32::try_from(block.len()).unwrap_or(0) << 3 | last;
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out
}
