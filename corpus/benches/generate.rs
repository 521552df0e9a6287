//! How fast the whole corpus is generated and held against the specifications.

use ocipick_corpus::{Case, Corpus};
use std::{
    hint::black_box,
    io::Write as _,
    time::{Duration, Instant},
};

const ROUNDS: u32 = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = Corpus::built_in()?;
    let cases = corpus.cases().len();
    let bytes: usize = corpus.cases().iter().map(size).sum();
    let mut fastest = Duration::MAX;
    let mut total = Duration::ZERO;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        black_box(Corpus::built_in()?);
        let took = began.elapsed();
        fastest = fastest.min(took);
        total += took;
    }
    let mean = total / ROUNDS;
    let per_second = |amount: usize| amount as f64 / mean.as_secs_f64();
    writeln!(
        std::io::stdout(),
        "corpus: {cases} cases, {bytes} bytes; {mean:.1?} on average and {fastest:.1?} at best of \
         {ROUNDS} rounds; {:.0} cases and {:.1} MB per second",
        per_second(cases),
        per_second(bytes) / 1e6
    )?;
    let began = Instant::now();
    let breaches: usize = corpus
        .cases()
        .iter()
        .map(|case| case.breaches().len())
        .sum();
    let took = began.elapsed();
    writeln!(
        std::io::stdout(),
        "lint: {breaches} breaches found in {took:.1?}"
    )?;
    Ok(())
}

fn size(case: &Case) -> usize {
    case.index.bytes.len()
        + case
            .documents
            .iter()
            .map(|document| document.bytes.len())
            .sum::<usize>()
        + case
            .blobs
            .iter()
            .map(|blob| blob.bytes.len())
            .sum::<usize>()
}
