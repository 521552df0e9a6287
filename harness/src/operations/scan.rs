//! `scan`: the tool takes the image for one platform from the registry, reads what is in it, reports on that,
//! and keeps nothing. Whether it is what a runtime would run, it cannot know.

use super::{EvidenceKind, OperationSpec, pull};
use crate::{classify::classify, run::Controls};
use ocipick_records::Operation;

/// What is materialised of a scan is content that the scanner shows to have read, of files in the image.
pub(super) const SCAN: OperationSpec = OperationSpec {
    operation: Operation::Scan,
    requires: &[
        EvidenceKind::Reported,
        EvidenceKind::Materialised,
        EvidenceKind::Requests,
    ],
    controls: Controls::verdict,
    classify,
    execute: |call, session| pull::fetch(call, session, Operation::Scan),
};
