//! The machine, as results describe it.

use ocipick_reports::results::Host;
use std::fs;

/// Describes this machine, without anything that names it.
#[must_use]
pub fn describe() -> Host {
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let distribution = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or("unknown", |name| name.trim_matches('"'));
    Host {
        os: std::env::consts::OS.to_owned(),
        architecture: go_architecture(std::env::consts::ARCH).to_owned(),
        distribution: distribution.to_owned(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned()),
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
        cpu_level: None,
        cgroup: None,
    }
}

/// Rust's name of an architecture in Go's words, which images use.
fn go_architecture(rust: &str) -> &str {
    match rust {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}
