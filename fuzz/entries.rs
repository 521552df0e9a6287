//! What is fuzzed: one function per reader of what others write, each of which takes any bytes. They are
//! fuzzed by the targets beside this file, and run by `cargo test` on what was found so far.
//!
//! None of them must panic, run without end, or read anything that it was not given.

use ocipick_corpus::{Case, Corpus, Digest, PlatformRequest, unpacked};
use ocipick_records::Results;
use std::{
    fs,
    io::Read as _,
    os::unix::fs::symlink,
    path::Path,
    sync::{Arc, LazyLock},
};

/// A file outside of every layout, which no layout must be able to read.
const OUTSIDE: &str = "what lies outside of the layout";

/// How much of an archive is unpacked.
const UNPACKED: u64 = 16 << 20;

fn ask() -> PlatformRequest {
    "linux/amd64".parse().expect("this is a platform")
}

/// A layout as a directory: parts that are parted by the byte 255, of which the first byte says what it
/// is. `$0` to `$9` stand for the digests of the blobs so far.
///
/// - `b`: a blob under its own name
/// - `i`, `o`, `c`: `index.json`, `oci-layout`, `case.json`
/// - `n`: a blob of an algorithm that is not known
/// - `l`: in the place of one of these files (its second byte says which) a link to what follows
/// - `f`: there a FIFO
///
/// Without an `i` the last blob is the index.
fn lay_out(dir: &Path, data: &[u8]) {
    let place = |which: u8| match which % 5 {
        0 => "index.json",
        1 => "oci-layout",
        2 => "case.json",
        3 => "blobs/sha256/linked",
        _ => "blobs/other/linked",
    };
    // To write into a FIFO or through a link that an earlier part made would be a fault of this.
    let put = |name: &str, content: &[u8]| {
        let path = dir.join(name);
        let _ = fs::remove_file(&path);
        let _ = fs::write(path, content);
    };
    let mut digests: Vec<String> = Vec::new();
    let mut has_index = false;
    for folder in ["blobs/sha256", "blobs/other"] {
        let _ = fs::create_dir_all(dir.join(folder));
    }
    for part in data.split(|byte| *byte == 255).take(32) {
        let Some((kind, content)) = part.split_first() else {
            continue;
        };
        let content = with_digests(content, &digests);
        match kind {
            b'b' => {
                let digest = Digest::sha256(&content);
                put(&format!("blobs/sha256/{}", digest.encoded()), &content);
                digests.push(digest.to_string());
            }
            b'i' => {
                has_index = true;
                put("index.json", &content);
            }
            b'o' => put("oci-layout", &content),
            b'c' => put("case.json", &content),
            b'n' => put("blobs/other/blob", &content),
            b'l' => {
                if let Some((which, target)) = content.split_first() {
                    let target = String::from_utf8_lossy(target).replace('\0', "");
                    let _ = fs::remove_file(dir.join(place(*which)));
                    let _ = symlink(target, dir.join(place(*which)));
                    has_index |= place(*which) == "index.json";
                }
            }
            b'f' => {
                if let Some(which) = content.first() {
                    let path = dir.join(place(*which));
                    let _ = fs::remove_file(&path);
                    let _ = nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU);
                    has_index |= place(*which) == "index.json";
                }
            }
            _ => {}
        }
    }
    if let (false, Some(last)) = (has_index, digests.last()) {
        let text = format!(r#"{{"manifests":[{{"mediaType":"x/y","digest":"{last}","size":1}}]}}"#);
        put("index.json", text.as_bytes());
    }
}

fn with_digests(content: &[u8], digests: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = content;
    while let Some((&byte, after)) = rest.split_first() {
        let digest = after
            .first()
            .filter(|_| byte == b'$')
            .and_then(|digit| digests.get(usize::from(digit.wrapping_sub(b'0'))));
        rest = match digest {
            Some(digest) => {
                out.extend_from_slice(digest.as_bytes());
                &after[1..]
            }
            None => {
                out.push(byte);
                after
            }
        };
    }
    out
}

/// Everything of a case that is read when it is measured and checked.
fn look_at(case: &Case) {
    let _ = case.breaches();
    let contents = std::iter::once(&case.index)
        .chain(&case.documents)
        .map(|document| &document.bytes)
        .chain(case.blobs.iter().map(|blob| &blob.bytes));
    for bytes in contents {
        let text = String::from_utf8_lossy(bytes);
        assert!(
            !text.starts_with(OUTSIDE),
            "a layout read what is outside of it"
        );
    }
    for child in &case.children {
        let _ = case.serves_manifest(child.manifest.as_str());
    }
}

/// Any bytes as a directory with a layout.
pub(crate) fn layout(data: &[u8]) {
    let home = tempfile::tempdir().expect("there is room for a directory");
    fs::write(home.path().join("outside"), OUTSIDE).expect("there is room for a file");
    let dir = home.path().join("corpus/x");
    fs::create_dir_all(&dir).expect("there is room for a directory");
    lay_out(&dir, data);
    if let Ok(corpus) = Corpus::foreign(dir.parent().unwrap_or(&dir), &ask()) {
        corpus.cases().iter().for_each(look_at);
    }
    let _ = ocipick_corpus::lint::check_layouts(&dir, &ask());
}

/// Any bytes as a layer, compressed or not.
pub(crate) fn archive(data: &[u8]) {
    if let Ok(archive) = unpacked(data) {
        let _ = archive.take(UNPACKED).read_to_end(&mut Vec::new());
    }
    // As the layer of an image.
    let home = tempfile::tempdir().expect("there is room for a directory");
    let layer = Digest::sha256(data);
    let blobs = home.path().join("blobs/sha256");
    fs::create_dir_all(&blobs).expect("there is room for a directory");
    fs::write(blobs.join(layer.encoded()), data).expect("there is room for a file");
    let manifest = format!(r#"{{"layers":[{{"digest":"{layer}"}}]}}"#);
    let digest = Digest::sha256(manifest.as_bytes());
    fs::write(blobs.join(digest.encoded()), &manifest).expect("there is room for a file");
    let index = format!(r#"{{"manifests":[{{"mediaType":"x/y","digest":"{digest}","size":1}}]}}"#);
    fs::write(home.path().join("index.json"), index).expect("there is room for a file");
    let corpus = Corpus::foreign(home.path(), &ask()).expect("any archive can be a layer");
    corpus.cases().iter().for_each(look_at);
}

/// Any bytes as the file of a run.
pub(crate) fn results(data: &[u8]) {
    let home = tempfile::tempdir().expect("there is room for a directory");
    let path = home.path().join("results.jsonl");
    fs::write(&path, data).expect("there is room for a file");
    let _ = Results::read(&path);
}

/// Any bytes as a recipe.
pub(crate) fn recipe(data: &[u8]) {
    let home = tempfile::tempdir().expect("there is room for a directory");
    let family = home.path().join("family");
    fs::create_dir_all(&family).expect("there is room for a directory");
    fs::write(family.join("recipe.toml"), data).expect("there is room for a file");
    match Corpus::from_recipes(home.path()) {
        Ok(corpus) => corpus.cases().iter().for_each(look_at),
        Err(error) => drop(error.to_string()),
    }
}

/// Any bytes as an index, and as a manifest, to the reader that knows the clauses.
pub(crate) fn lint(data: &[u8]) {
    static CASE: LazyLock<Case> = LazyLock::new(|| {
        let home = tempfile::tempdir().expect("there is room for a directory");
        lay_out(home.path(), b"b{}");
        let corpus = Corpus::foreign(home.path(), &ask()).expect("this is a layout");
        corpus.cases()[0].clone()
    });
    for media_type in [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "",
    ] {
        let mut case = CASE.clone();
        case.index = ocipick_corpus::Document::new(media_type, data);
        let _ = case.breaches();
    }
}

/// Any bytes as a request: its method, its path, and the range it asks for, a line each.
pub(crate) fn request(data: &[u8]) {
    static CASE: LazyLock<Arc<Case>> = LazyLock::new(|| {
        let home = tempfile::tempdir().expect("there is room for a directory");
        lay_out(home.path(), b"b0123456789\xffb{\"manifests\":[]}");
        let corpus = Corpus::foreign(home.path(), &ask()).expect("this is a layout");
        Arc::new(corpus.cases()[0].clone())
    });
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(3, '\n');
    let (method, path) = (
        lines.next().unwrap_or("GET"),
        lines.next().unwrap_or("/v2/"),
    );
    let status = ocipick_registry::answer(&CASE, method, path, lines.next());
    assert!(
        matches!(status, None | Some(200 | 206 | 404 | 405 | 416)),
        "{status:?}"
    );
}
