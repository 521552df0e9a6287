//! How much of a layout is read.

use super::error::LayoutErrorKind;

/// How large `index.json`, `oci-layout`, `case.json` and an index or manifest can be. Registries and
/// clients stop at 4 to 8 MiB; what is read here is held as a tree, which takes some ten times as
/// much memory.
pub(crate) const DOCUMENT: u64 = 64 << 20;

/// How much of a layer is unpacked in the search for a marker, and for what it unpacks to. A bomb
/// unpacks to a thousand times its size.
pub(crate) const UNPACKED: u64 = 1 << 30;

/// How large one blob can be. All of them are held in memory, from where they are served.
const BLOB: u64 = 1 << 30;

/// How large all blobs of the layouts of a corpus can be together.
const CORPUS: u64 = 4 << 30;

/// What may still be read of a corpus.
#[derive(Debug)]
pub(crate) struct Budget(u64);

impl Default for Budget {
    fn default() -> Self {
        Self(CORPUS)
    }
}

impl Budget {
    /// How large the next blob can be.
    pub(crate) fn left(&self) -> u64 {
        self.0.min(BLOB)
    }

    /// Notes that so much was read.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes as u64);
    }

    /// What to say of a blob of so many bytes, which are too many.
    pub(crate) fn exceeded(&self, size: u64) -> LayoutErrorKind {
        if size > BLOB {
            LayoutErrorKind::LargeBlob { size, limit: BLOB }
        } else {
            LayoutErrorKind::LargeCorpus { limit: CORPUS }
        }
    }
}
