//! `systemd-pull oci --image-root=DIR REFERENCE NAME`, in the format of the system log.

use super::{
    Call, MOON, Played, err,
    image::{Reference, matching, unpack_layers},
    out, remembered,
};
use std::{fs, os::unix::fs::symlink, path::Path};

/// The authorities that the machine trusts.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(super) fn play(call: &Call) -> Played {
    match call.args.first().map(String::as_str) {
        Some("--version") => {
            out("systemd 999 (999.9-9)");
            return Ok(0);
        }
        Some("--help") => {
            out("Commands:\n  oci REF [NAME]               Download an OCI image");
            return Ok(0);
        }
        _ => {}
    }
    let ["oci", source, name] = call.words(&[])[..] else {
        return Err("<27>Unknown command verb.".to_owned().into());
    };
    let mut args = call.args.iter();
    let directory = args.find_map(|arg| arg.strip_prefix("--image-root="));
    let directory = Path::new(directory.unwrap_or_default());
    let reference = Reference::over_tls(source, Path::new(AUTHORITIES))?;
    let entries = reference.entries()?;
    let found = matching(&entries, "");
    let Some(chosen) = found.first() else {
        let words = "<27>No suitable OCI image manifest found for local system.\n<30>Exiting.";
        return Err(words.to_owned().into());
    };
    let image = reference.image(&chosen.digest)?;
    let mode = call.mode_for(&reference.repository);
    match (mode, remembered(directory, "images")) {
        ("remembers", Some(earlier)) => fs::rename(earlier, directory)?,
        _ => {
            let content = match (mode, found.last()) {
                ("swaps-content", Some(last)) => reference.image(&last.digest)?.layers,
                _ => Vec::new(),
            };
            let content = if content.is_empty() {
                &image.layers
            } else {
                &content
            };
            let stack = directory.join(format!("{name}.mstack"));
            fs::create_dir_all(stack.join("rw"))?;
            for (number, layer) in content.iter().enumerate() {
                let folder = format!(".oci-{}", layer.digest);
                unpack_layers([layer], &directory.join(&folder))?;
                symlink(
                    format!("../{folder}"),
                    stack.join(format!("layer@{number}")),
                )?;
            }
            let config = directory.join(format!("{name}.oci-config"));
            fs::write(config, &image.config.bytes)?;
        }
    }
    if mode == "fails-after-all" {
        return Err(format!("<27>{MOON}\n<30>Exiting.").into());
    }
    let address = format!("https://{source}/manifests/{}", image.digest);
    err(&format!(
        "<30>Download of Image Manifest ({address}) complete."
    ));
    err("<30>Exiting.");
    Ok(0)
}
