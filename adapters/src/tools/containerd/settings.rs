//! The settings of a private daemon. Every path is private: the plugin of Kubernetes makes `/etc/cni/net.d` and
//! `/opt/containerd` where it is not told otherwise, and takes registries from `/etc/containerd/certs.d`.

use super::{cri, has_transfer_service};
use crate::Flavour;
use std::path::Path;

/// What is not the subject.
const NEVER: &[&str] = &["io.containerd.nri.v1.nri"];
/// What only Kubernetes asks.
const KUBERNETES: &[&str] = &[
    "io.containerd.grpc.v1.cri",
    "io.containerd.cri.v1.images",
    "io.containerd.cri.v1.runtime",
    "io.containerd.podsandbox.controller.v1.podsandbox",
];

/// The settings of a daemon of this version, which lives in `dir` and listens at `address`.
pub(super) fn settings(
    version: &str,
    flavour: Option<Flavour>,
    dir: &Path,
    address: &str,
) -> String {
    let below = |name: &str| text(&dir.join(name).to_string_lossy());
    let is_kubernetes = cri::is_asked(flavour);
    let others = if is_kubernetes { &[][..] } else { KUBERNETES };
    let disabled: Vec<String> = others.iter().chain(NEVER).map(|it| text(it)).collect();
    let settings = format!(
        r#"version = {format}
root = {root}
state = {state}
disabled_plugins = [
  {disabled},
]

[grpc]
  address = {grpc}

[ttrpc]
  address = {ttrpc}

[plugins."io.containerd.internal.v1.opt"]
  path = {opt}
"#,
        format = if is_kubernetes && has_transfer_service(version) {
            3
        } else {
            2
        },
        root = below("root"),
        state = below("state"),
        disabled = disabled.join(",\n  "),
        grpc = text(address),
        ttrpc = text(&format!("{address}.ttrpc")),
        opt = below("opt"),
    );
    if is_kubernetes {
        settings + &kubernetes(version, flavour, dir)
    } else {
        settings
    }
}

/// What the plugin of Kubernetes needs besides. It never runs a container here, so it needs no network: only
/// directories in which it finds none.
fn kubernetes(version: &str, flavour: Option<Flavour>, dir: &Path) -> String {
    let below = |name: &str| text(&dir.join(name).to_string_lossy());
    let (bin, conf) = (below("cni/bin"), below("cni/net.d"));
    let stream = r#"  disable_tcp_service = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
"#;
    if !has_transfer_service(version) {
        return format!(
            r#"
[plugins."io.containerd.grpc.v1.cri"]
{stream}
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = {bin}
  conf_dir = {conf}
"#
        );
    }
    let local = if cri::has_choice(version) {
        format!(
            "  use_local_image_pull = {}\n",
            flavour == Some(cri::CRI_LOCAL)
        )
    } else {
        String::new()
    };
    // With 2.1 the directory of programs became a list.
    let bin = if cri::has_choice(version) {
        format!("bin_dirs = [{bin}]")
    } else {
        format!("bin_dir = {bin}")
    };
    format!(
        r#"
[plugins."io.containerd.grpc.v1.cri"]
{stream}
[plugins."io.containerd.cri.v1.images"]
{local}
[plugins."io.containerd.cri.v1.images".registry]
  config_path = {hosts}

[plugins."io.containerd.cri.v1.runtime"]
  enable_cdi = false

[plugins."io.containerd.cri.v1.runtime".cni]
  {bin}
  conf_dir = {conf}
"#,
        hosts = below("hosts"),
    )
}

/// A path may have characters in it that mean something in TOML.
fn text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_paths_as_they_are() {
        for dir in ["/tmp/a", "/tmp/a \"b\" \\c'd", "/tmp/ü\nnext = 1"] {
            for (version, flavour) in [
                ("1.6.20", None),
                ("1.4.13", Some(cri::CRI)),
                ("2.1.9", Some(cri::CRI_LOCAL)),
            ] {
                let text = settings(version, flavour, Path::new(dir), &format!("{dir}/c.sock"));
                let read: toml::Table = toml::from_str(&text).unwrap();
                assert_eq!(read["root"].as_str(), Some(&*format!("{dir}/root")));
                let address = read["ttrpc"]["address"].as_str();
                assert_eq!(address, Some(&*format!("{dir}/c.sock.ttrpc")));
                assert!(!read.contains_key("next"));
            }
        }
    }

    #[test]
    fn every_generation_is_told_in_its_own_words() {
        let mut all = String::new();
        for (version, flavour) in [
            ("1.7.24", None),
            ("1.4.13", Some(cri::CRI)),
            ("1.7.24", Some(cri::CRI)),
            ("2.0.5", Some(cri::CRI)),
            ("2.1.9", Some(cri::CRI)),
            ("2.1.9", Some(cri::CRI_LOCAL)),
        ] {
            let name = flavour.map_or("plain", Flavour::as_str);
            let settings = settings(version, flavour, Path::new("/r"), "/r/c.sock");
            all.extend(["# ", version, " ", name, "\n", &settings, "\n"]);
        }
        insta::assert_snapshot!(all);
    }
}
