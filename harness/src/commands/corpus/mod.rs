//! `ocipick corpus`: writing the corpus for others, and checking that of others.

mod build;
mod check;
mod push;

use super::{fail::Result, terminal::Terminal};
use build::CorpusBuildArgs;
use check::CorpusCheckArgs;
use clap::Subcommand;
use ocipick::exit::ExitCode;
use push::CorpusPushArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum CorpusCommand {
    /// Write every case as an OCI layout with a description, for programs that know nothing of ocipick
    Build(CorpusBuildArgs),
    /// Check recipes and OCI layouts, and say which clauses each case breaks itself
    Check(CorpusCheckArgs),
    /// Publish every case to a registry, byte for byte
    ///
    /// Prints the reference of each case that the registry accepted. What it refuses is listed, and
    /// ends in code 5. Credentials are those of docker, podman and skopeo (REGISTRY_AUTH_FILE, or the
    /// usual files).
    Push(CorpusPushArgs),
}

pub(crate) fn corpus(command: &CorpusCommand, screen: Terminal) -> Result<ExitCode> {
    match command {
        CorpusCommand::Build(args) => build::build(args, screen),
        CorpusCommand::Check(args) => check::check(args, screen),
        CorpusCommand::Push(args) => push::push(args, screen),
    }
}
