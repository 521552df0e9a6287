//! By which command a tool is asked, and which of its ways it goes: what a sentence that names the
//! tool has to name, because another way of the same version does something else.

use crate::text;
use ocipick_records::Configuration;

/// The command that was given, where it is not the tool's own name with the operation behind it.
pub(crate) fn command(configuration: Option<&Configuration>, operation: &str) -> Option<String> {
    let command = configuration?.commands.get(operation)?;
    Some(text::line(command))
}

/// The command that was given, where it is of another program than the tool is called after.
pub(crate) fn command_of_other(
    configuration: Option<&Configuration>,
    tool: &str,
    operation: &str,
) -> Option<String> {
    let command = command(configuration, operation)?;
    let program = command.split(' ').next();
    (program != Some(tool)).then_some(command)
}

/// The command by which a tool is asked, in full.
pub(crate) fn command_line(
    configuration: Option<&Configuration>,
    tool: &str,
    operation: &str,
) -> String {
    command(configuration, operation).unwrap_or_else(|| text::line(&format!("{tool} {operation}")))
}

/// The way that a runtime goes, where its tool has several.
pub(crate) fn way(configuration: Option<&Configuration>, version: &str) -> Option<String> {
    configuration?.way(version).map(text::line)
}

/// How the other way of the same version is asked for, as the end of `with …`.
pub(crate) fn with(configuration: Option<&Configuration>, flavour: Option<&str>) -> Option<String> {
    let with = configuration.and_then(|configuration| configuration.with.as_deref());
    with.or(flavour).map(text::line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_adapters::Tool;

    #[test]
    fn what_pulls_is_named() {
        let of = |tool: &str, flavour: Option<&str>| {
            let tool: Tool = tool.parse().unwrap();
            tool.info().configuration(flavour)
        };
        let line = |tool, flavour| command_line(of(tool, flavour), tool, "pull");
        assert_eq!(line("docker", None), "docker pull");
        assert_eq!(line("containerd", None), "ctr images pull");
        assert_eq!(line("containerd", Some("local")), "ctr images pull --local");
        assert_eq!(command_line(None, "other", "pull"), "other pull");
        let other = |tool| command_of_other(of(tool, None), tool, "pull");
        assert_eq!(other("containerd").as_deref(), Some("ctr images pull"));
        assert_eq!(other("skopeo"), None);
        let way = |tool, flavour, version| way(of(tool, flavour), version);
        let transfer = way("containerd", None, "2.1.9");
        assert_eq!(transfer.as_deref(), Some("transfer service"));
        assert_eq!(way("containerd", None, "1.7.24"), None);
        assert_eq!(way("containerd", Some("local"), "2.1.9"), None);
        let classic = way("docker", None, "28.5.2");
        assert_eq!(classic.as_deref(), Some("classic store"));
        assert_eq!(way("docker", None, "20.10.24"), None);
        assert_eq!(way("podman", None, "5.8.6"), None);
        let with = |tool, flavour| with(of(tool, flavour), flavour);
        assert_eq!(with("docker", None).as_deref(), Some("the classic store"));
        assert_eq!(with("containerd", Some("x")).as_deref(), Some("x"));
        assert_eq!(with("podman", None), None);
    }
}
