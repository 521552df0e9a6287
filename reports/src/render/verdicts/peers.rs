//! What there is to say of the peers over all rows.

use crate::analysis::{consensus::Consensus, matrix::Matrix};
use std::collections::BTreeMap;

/// What the consensus of all rows comes to.
pub(crate) struct Peers {
    /// How many rows were measured by more than one voice.
    pub(crate) rows: usize,
    /// Those of them in which no outcome has a majority, the most split first.
    pub(crate) open: Vec<(String, f64)>,
    /// How often each runtime, by its place in the matrix, did something else than most.
    pub(crate) against: BTreeMap<usize, usize>,
}

impl Peers {
    pub(crate) fn of(matrix: &Matrix<'_>) -> Self {
        let mut peers = Self {
            rows: 0,
            open: Vec::new(),
            against: BTreeMap::new(),
        };
        for row in matrix.tables.iter().flat_map(|table| table.rows()) {
            let Some(consensus) = Consensus::of(matrix, row) else {
                continue;
            };
            if consensus.voices < 2 {
                continue;
            }
            peers.rows += 1;
            if consensus.majority().is_none() {
                peers.open.push((row.label(), consensus.split));
                continue;
            }
            let others = consensus.clusters.iter().filter(|it| !it.majority);
            for column in others.flat_map(|cluster| &cluster.columns) {
                *peers.against.entry(*column).or_default() += 1;
            }
        }
        // Stable, so that those that are equally split stand in the order of the corpus.
        peers.open.sort_by(|one, other| other.1.total_cmp(&one.1));
        peers
    }
}
