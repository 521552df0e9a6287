//! By which command a tool is asked, and which of its ways it goes: what a sentence that names the
//! tool has to name, because another way of the same version does something else.

use crate::text;
use ocipick_records::compare_versions;

/// The command that was given, where it is not the tool's own name with the operation behind it.
/// containerd is a daemon; what pulls with it is its client.
pub(crate) fn command(tool: &str, flavour: Option<&str>, operation: &str) -> Option<String> {
    match (tool, operation) {
        ("containerd", "pull" | "import") => {
            let local = if flavour == Some("local") {
                " --local"
            } else {
                ""
            };
            Some(format!("ctr images {operation}{local}"))
        }
        ("docker", "import") => Some("docker load".to_owned()),
        ("skopeo", "pull" | "import") => Some("skopeo copy".to_owned()),
        _ => None,
    }
}

/// The command by which a tool is asked, in full.
pub(crate) fn command_line(tool: &str, flavour: Option<&str>, operation: &str) -> String {
    command(tool, flavour, operation).unwrap_or_else(|| text::line(&format!("{tool} {operation}")))
}

/// The way that a runtime goes, where its tool has several.
pub(crate) fn way(tool: &str, flavour: Option<&str>, version: &str) -> Option<&'static str> {
    match (tool, flavour) {
        ("docker", None) if has_two_stores(version) => Some("classic store"),
        ("docker", Some("containerd-store")) => Some("containerd's store"),
        ("containerd", None) if has_transfer_service(version) => Some("transfer service"),
        _ => None,
    }
}

/// How the other way of the same version is asked for, as the end of `with …`.
pub(crate) fn with(tool: &str, flavour: Option<&str>) -> Option<String> {
    match (tool, flavour) {
        ("docker", None) => Some("the classic store".to_owned()),
        ("docker", Some("containerd-store")) => Some("containerd's store".to_owned()),
        ("containerd", None) => Some("the transfer service".to_owned()),
        ("containerd", Some("local")) => Some("--local".to_owned()),
        (_, Some(flavour)) => Some(text::line(flavour)),
        (_, None) => None,
    }
}

/// With version 24 docker got a second store to choose from.
fn has_two_stores(version: &str) -> bool {
    compare_versions(version, "24").is_ge()
}

/// Since version 2 containerd's client leaves a pull to the daemon, unless `--local` is given.
fn has_transfer_service(version: &str) -> bool {
    compare_versions(version, "2").is_ge()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pulls_is_named() {
        assert_eq!(command_line("docker", None, "pull"), "docker pull");
        assert_eq!(command_line("containerd", None, "pull"), "ctr images pull");
        assert_eq!(
            command_line("containerd", Some("local"), "pull"),
            "ctr images pull --local"
        );
        assert_eq!(way("containerd", None, "2.1.9"), Some("transfer service"));
        assert_eq!(way("containerd", None, "1.7.24"), None);
        assert_eq!(way("containerd", Some("local"), "2.1.9"), None);
        assert_eq!(way("docker", None, "28.5.2"), Some("classic store"));
        assert_eq!(way("docker", None, "20.10.24"), None);
        assert_eq!(way("podman", None, "5.8.6"), None);
    }
}
