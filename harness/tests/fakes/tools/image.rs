//! What every fake tool knows of images and registries.

use super::http;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};
use tar::EntryType;

/// `127.0.0.1:PORT/REPOSITORY:TAG`, or what an archive of a layout calls its index.
#[derive(Clone)]
pub(super) struct Reference {
    shelf: ImageSource,
    pub(super) repository: String,
    tag: String,
}

impl Reference {
    /// The same over TLS, where nobody is trusted but who is in this file.
    pub(super) fn over_tls(text: &str, authority: &Path) -> Result<Self, String> {
        let parsed = Self::parse(text)?;
        Ok(match parsed.shelf {
            ImageSource::Registry(address) => Self {
                shelf: ImageSource::RegistryOverTls(address, authority.to_owned()),
                ..parsed
            },
            ImageSource::RegistryOverTls(..) | ImageSource::Archive { .. } => parsed,
        })
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("invalid reference format: {text}");
        let (address, rest) = text.split_once('/').ok_or_else(wrong)?;
        let (repository, tag) = rest.rsplit_once(':').ok_or_else(wrong)?;
        Ok(Self {
            shelf: ImageSource::Registry(address.to_owned()),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        })
    }

    /// What the first entry of a layout in an archive is called, and that call.
    pub(super) fn in_archive(path: &Path) -> Result<(Self, String), String> {
        let files = unpacked(path).map_err(|error| error.to_string())?;
        let index = json(files.get("index.json").ok_or("no index.json")?)?;
        let entry = &index["manifests"][0];
        let name = text(&entry["annotations"]["io.containerd.image.name"]);
        let reference = Self {
            shelf: ImageSource::Archive {
                index: text(&entry["digest"]),
                files,
            },
            ..Self::parse(&name)?
        };
        Ok((reference, name))
    }

    fn get(&self, kind: &str, of: &str) -> Result<Vec<u8>, String> {
        match &self.shelf {
            ImageSource::Registry(address) => {
                http::get(address, &format!("/v2/{}/{kind}/{of}", self.repository))
            }
            ImageSource::RegistryOverTls(address, authority) => {
                let path = format!("/v2/{}/{kind}/{of}", self.repository);
                http::get_over_tls(address, &path, authority)
            }
            ImageSource::Archive { index, files } => {
                let digest = if of == self.tag { index } else { of };
                let file = files.get(&format!("blobs/{}", digest.replace(':', "/")));
                file.cloned().ok_or_else(|| format!("{digest}: not found"))
            }
        }
    }

    /// The index, as it is.
    pub(super) fn index(&self) -> Result<Value, String> {
        json(&self.get("manifests", &self.tag)?)
    }

    /// The entries of the index.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, String> {
        let index = self.index()?;
        let entries = index["manifests"].as_array().cloned().unwrap_or_default();
        Ok(entries
            .iter()
            .map(|entry| Entry {
                digest: text(&entry["digest"]),
                is_index: text(&entry["mediaType"]).ends_with("image.index.v1+json"),
                platform: format!(
                    "{}/{}",
                    text(&entry["platform"]["os"]),
                    text(&entry["platform"]["architecture"])
                ),
            })
            .collect())
    }

    /// The image with this manifest, whole.
    pub(super) fn image(&self, digest: &str) -> Result<Image, String> {
        let bytes = self.get("manifests", digest)?;
        let manifest = json(&bytes)?;
        let blob = |descriptor: &Value| -> Result<Blob, String> {
            let digest = text(&descriptor["digest"]);
            let bytes = self.get("blobs", &digest)?;
            Ok(Blob { digest, bytes })
        };
        let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
        Ok(Image {
            digest: digest.to_owned(),
            manifest: bytes,
            config: blob(&manifest["config"])?,
            layers: layers.iter().map(blob).collect::<Result<_, _>>()?,
        })
    }
}

/// Where images come from.
#[derive(Clone)]
enum ImageSource {
    /// The address of a registry.
    Registry(String),
    /// The address of one that speaks TLS, and the authorities that are trusted.
    RegistryOverTls(String, PathBuf),
    /// The files of a layout, and the digest of the index that is meant.
    Archive {
        index: String,
        files: BTreeMap<String, Vec<u8>>,
    },
}

fn unpacked(path: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(File::open(path)?).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.insert(name, bytes);
    }
    Ok(files)
}

/// One entry of an index.
pub(super) struct Entry {
    pub(super) digest: String,
    pub(super) is_index: bool,
    platform: String,
}

impl Entry {
    /// Whether it is for this platform.
    pub(super) fn is_for(&self, platform: &str) -> bool {
        self.platform == platform
    }
}

/// The entries for a platform, in their order.
pub(super) fn matching<'a>(entries: &'a [Entry], platform: &str) -> Vec<&'a Entry> {
    // Who is asked for none takes that of its machine, as the real ones do.
    let platform = match platform {
        "" | "/" => "linux/amd64",
        asked => asked,
    };
    entries
        .iter()
        .filter(|entry| entry.platform == platform)
        .collect()
}

/// An image, whole.
pub(super) struct Image {
    pub(super) digest: String,
    pub(super) manifest: Vec<u8>,
    pub(super) config: Blob,
    pub(super) layers: Vec<Blob>,
}

/// A config or layer.
pub(super) struct Blob {
    pub(super) digest: String,
    pub(super) bytes: Vec<u8>,
}

impl Blob {
    /// Its digest without the algorithm.
    pub(super) fn encoded(&self) -> &str {
        self.digest.trim_start_matches("sha256:")
    }
}

impl Image {
    /// Its label that says which child it is, which is also what its marker file says.
    pub(super) fn marker(&self) -> Result<String, String> {
        Ok(text(
            &json(&self.config.bytes)?["config"]["Labels"]["ocipick.child"],
        ))
    }

    /// The digest of its one unpacked layer, which is also its chain id.
    pub(super) fn diff_id(&self) -> Result<String, String> {
        Ok(text(&json(&self.config.bytes)?["rootfs"]["diff_ids"][0]))
    }

    /// Everything that a store keeps of it.
    pub(super) fn digests(&self) -> Vec<&str> {
        let blobs = self.layers.iter().chain([&self.config]);
        let digests = blobs.map(|blob| blob.digest.as_str());
        digests.chain([self.digest.as_str()]).collect()
    }

    /// Keeps its unpacked layers as files of this stem, and says where.
    pub(super) fn keep_layers(&self, stem: &Path) -> io::Result<Vec<String>> {
        fs::create_dir_all(stem.with_file_name(""))?;
        let mut kept = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let path = format!("{}-layer{number}", stem.display());
            let path = path.replace("fake-", "kept-");
            let mut bytes = Vec::new();
            if GzDecoder::new(&*layer.bytes)
                .read_to_end(&mut bytes)
                .is_err()
            {
                bytes.clone_from(&layer.bytes);
            }
            fs::write(&path, bytes)?;
            kept.push(path);
        }
        Ok(kept)
    }
}

/// Unpacks layers as they are stored, and nothing but files and directories.
pub(super) fn unpack_layers<'a>(
    layers: impl IntoIterator<Item = &'a Blob>,
    into: &Path,
) -> io::Result<()> {
    fs::create_dir_all(into)?;
    for layer in layers {
        tar::Archive::new(GzDecoder::new(&*layer.bytes)).unpack(into)?;
    }
    Ok(())
}

/// What is in kept layers at a path or below it, as an archive; `None` where nothing is.
pub(super) fn copied(layers: &Value, at: &str) -> io::Result<Option<Vec<u8>>> {
    let (mut builder, mut is_there) = (tar::Builder::new(Vec::new()), false);
    for layer in layers.as_array().into_iter().flatten() {
        for entry in tar::Archive::new(File::open(text(layer))?).entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            if !path.starts_with(at) {
                continue;
            }
            is_there = true;
            let mut header = entry.header().clone();
            match entry.link_name()? {
                Some(target) => builder.append_link(&mut header, path, target)?,
                None => builder.append_data(&mut header, path, &mut entry)?,
            }
        }
    }
    Ok(is_there.then_some(builder.into_inner()?))
}

/// Unpacks kept layers, with links and pipes as they are, as stores do that run as root.
pub(super) fn unpack(layers: &Value, into: &Path) -> io::Result<()> {
    for layer in layers.as_array().into_iter().flatten() {
        for entry in tar::Archive::new(File::open(text(layer))?).entries()? {
            let mut entry = entry?;
            let path = into.join(entry.path()?);
            match entry.header().entry_type() {
                EntryType::Directory => fs::create_dir_all(path)?,
                EntryType::Symlink => symlink(entry.link_name()?.unwrap_or_default(), path)?,
                EntryType::Fifo => nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU)?,
                _ => {
                    fs::create_dir_all(path.with_file_name(""))?;
                    io::copy(&mut entry, &mut File::create(path)?)?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn json(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
