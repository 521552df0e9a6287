//! Whose code chooses the manifest.

/// The code that chooses the manifest for a tool: what shares it speaks with one voice.
///
/// podman, skopeo and buildah choose with the library containers/image. docker with containerd's
/// store, and nerdctl, choose with the client library of containerd, whose daemon brings the same
/// code; docker's classic store has code of its own. crane and ko choose with go-containerregistry.
/// A tool that is not known here speaks for itself.
#[must_use]
pub fn voice<'a>(tool: &'a str, flavour: Option<&str>) -> &'a str {
    match (tool, flavour) {
        ("podman" | "skopeo" | "buildah", _) => "containers/image",
        ("containerd" | "nerdctl", _) | ("docker", Some("containerd-store")) => "containerd",
        ("crane" | "ko", _) => "go-containerregistry",
        _ => tool,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_its_code_shares_its_voice() {
        assert_eq!(voice("podman", None), voice("skopeo", None));
        assert_eq!(
            voice("docker", Some("containerd-store")),
            voice("containerd", None)
        );
        assert_ne!(voice("docker", None), voice("containerd", None));
        assert_eq!(voice("regctl", None), "regctl");
    }
}
