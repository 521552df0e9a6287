//! `docker` and `dockerd`. The client does the work; the engine answers, and dies when told to.

use super::{
    Call, MOON, PANIC, Played, be_killed, err, hang,
    image::{Reference, copied, json, matching, text},
    leave_deaf_daemons, out, remembered, shout,
};
use nix::sys::signal::{SigSet, Signal};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
};

const VERSION: &str = "Docker version 20.10.99, build fake";
/// One that can have containerd's store.
const STORE_VERSION: &str = "Docker version 26.1.99, build fake";

fn version(call: &Call) -> &'static str {
    if uses_store(call) {
        STORE_VERSION
    } else {
        VERSION
    }
}

/// Whether this engine uses containerd's store, in the mode `store`.
fn uses_store(call: &Call) -> bool {
    call.mode == "store"
}

/// The engine.
pub(super) fn serve(call: &Call) -> Played {
    if call.args == ["--version"] {
        out(version(call));
        return Ok(0);
    }
    err("time=\"2026-01-01T00:00:00Z\" level=info msg=\"Starting up\"");
    call.write_down()?;
    let mode = call.mode.as_str();
    let starts = call.count("starts")?;
    if mode == "exits-at-once" || (mode == "starts-once" && starts > 1) {
        return Err(
            "failed to start daemon: error initializing graphdriver: driver not supported"
                .to_owned()
                .into(),
        );
    }
    let pidfile = call.option("--pidfile").unwrap_or_default();
    if Path::new(pidfile).exists() {
        return Err(format!(
            "failed to start daemon: pid file found, ensure docker is not running or delete {pidfile}"
        )
        .into());
    }
    fs::write(pidfile, std::process::id().to_string())?;
    if mode == "leaves-daemons" {
        leave_deaf_daemons(8, &call.folder)?;
    }
    if mode == "ignores-term" {
        let mut term = SigSet::empty();
        term.add(Signal::SIGTERM);
        term.thread_block().map_err(io::Error::from)?;
    }
    let mut helper = match mode {
        "loses-its-helper" => Some(start_helper(call)?),
        _ => None,
    };
    // As the real one, it does not bind where a socket is.
    let listener = UnixListener::bind(address(call))?;
    let mut word = String::new();
    loop {
        let (mut client, _) = listener.accept()?;
        word.clear();
        client.read_to_string(&mut word)?;
        match word.as_str() {
            "shout" => return Ok(shout()?),
            "panic" => {
                err(PANIC);
                return Ok(2);
            }
            "be killed" => be_killed(),
            "lose" => {
                if let Some(mut helper) = helper.take() {
                    helper.kill()?;
                    helper.wait()?;
                    err("level=error msg=\"containerd did exit\" error=\"signal: killed\"");
                }
            }
            "use" if helper.is_none() => {
                client.write_all(b"gone")?;
                continue;
            }
            // As a server does that catches the panics of its requests.
            "stumble" => err(&PANIC.replace("panic: ", "2026/01/01 http: panic serving @: ")),
            _ => {}
        }
        client.write_all(b"pong")?;
    }
}

/// A process by the name of the helper of the real one.
#[expect(
    clippy::disallowed_methods,
    reason = "this process plays a tool, and tools start what they like"
)]
fn start_helper(call: &Call) -> io::Result<std::process::Child> {
    let program = call.folder.join("helper/containerd");
    fs::create_dir_all(call.folder.join("helper"))?;
    if !program.exists() {
        std::os::unix::fs::symlink("/bin/sleep", &program)?;
    }
    let helper = std::process::Command::new(program).arg("303").spawn()?;
    let name = format!("/proc/{}/comm", helper.id());
    while fs::read_to_string(&name)?.trim() != "containerd" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Ok(helper)
}

fn address(call: &Call) -> PathBuf {
    let address = call.option("-H").unwrap_or_default();
    PathBuf::from(address.trim_start_matches("unix://"))
}

/// Says a word to the engine, and gives back its answer.
fn say(call: &Call, word: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(address(call))?;
    stream.write_all(word.as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The client.
pub(super) fn play(call: &Call) -> Played {
    if call.args == ["--version"] {
        out(version(call));
        return Ok(0);
    }
    if say(call, "ping").ok().as_deref() != Some("pong") {
        return Err(format!(
            "Cannot connect to the Docker daemon at {}. Is the docker daemon running?",
            call.option("-H").unwrap_or_default()
        )
        .into());
    }
    let words = call.words(&["-H", "--platform", "--format", "--name", "--pull"]);
    match words[..] {
        ["version"] => out("20.10.99"),
        ["info"] if uses_store(call) => out("overlayfs io.containerd.snapshotter.v1"),
        ["info"] => out("vfs []"),
        ["pull", reference] => return pull(call, reference),
        ["image", "inspect", reference] => {
            let image = &load(call, reference)?["inspected"];
            out(&json!([{
                "Id": image["id"],
                "Config": { "Labels": labels(image) },
                "RootFS": { "Layers": [image["diff_id"]] },
            }])
            .to_string());
        }
        ["create", reference, "/ocipick/say"] => {
            let image = load(call, reference)?;
            let name = call.option("--name").unwrap_or_default();
            fs::write(file(call, name), image.to_string())?;
        }
        ["container", "inspect", name] => {
            let image = &load(call, name)?["created"];
            out(&json!([{
                "Id": name,
                "Driver": "overlayfs",
                "Image": image["id"],
                "Config": { "Labels": labels(image) },
            }])
            .to_string());
        }
        ["cp", from, "-"] => {
            let (name, path) = from.split_once(":/").unwrap_or_default();
            let image = load(call, name)?["copied"].take();
            if image["marker"] == "" {
                let Some(archive) = copied(&image["layers"], path)? else {
                    let words = "Could not find the file";
                    return Err(format!("Error: {words} /{path} in container {name}").into());
                };
                io::stdout().write_all(&archive)?;
                return Ok(0);
            }
            let content = format!("{}\n", text(&image["marker"]));
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            let mut builder = tar::Builder::new(io::stdout());
            builder.append_data(&mut header, "ocipick/child", content.as_bytes())?;
            builder.finish()?;
        }
        ["rmi", _] if call.mode == "hangs-at-removal" => {
            fs::write(call.folder.join("hangs"), "")?;
            hang();
        }
        ["rm" | "rmi", of] => fs::remove_file(file(call, of))?,
        _ => return Err(format!("docker: unknown command {words:?}").into()),
    }
    Ok(0)
}

/// The labels of an image, as inspection shows them.
fn labels(image: &Value) -> Value {
    match &image["marker"] {
        marker if marker == "" => Value::Null,
        marker => json!({ "ocipick.child": marker }),
    }
}

/// Where the fake engine keeps an image or container: beside its socket.
fn file(call: &Call, name: &str) -> PathBuf {
    address(call).with_file_name(format!("fake-{}", name.replace(['/', ':'], "-")))
}

fn load(call: &Call, name: &str) -> Result<Value, String> {
    let bytes = fs::read(file(call, name))
        .map_err(|_| format!("Error response from daemon: No such image: {name}"))?;
    json(&bytes)
}

fn pull(call: &Call, source: &str) -> Played {
    let reference = Reference::parse(source)?;
    let mode = call.mode_for(&reference.repository);
    let entries = reference.entries()?;
    let found = matching(&entries, call.option("--platform").unwrap_or_default());
    let (Some(first), Some(last)) = (found.first(), found.last()) else {
        return Err(
            "no matching manifest for linux/amd64 in the manifest list entries"
                .to_owned()
                .into(),
        );
    };
    if first.is_index {
        return Err("unsupported manifest format".to_owned().into());
    }
    if matches!(mode, "panics-on-two" | "starts-once") && found.len() == 2 {
        say(call, "panic")?;
        return Err("unexpected EOF".to_owned().into());
    }
    if mode == "is-killed-on-two" && found.len() == 2 && call.count("killed")? == 1 {
        say(call, "be killed")?;
        return Err("unexpected EOF".to_owned().into());
    }
    if call.mode == "loses-its-helper" {
        if found.len() == 2 && call.count("lost")? == 1 {
            say(call, "lose")?;
        }
        if say(call, "use")? == "gone" {
            // So says docker 28.5.2.
            return Err(
                "Error response from daemon: error creating temporary lease: Unavailable"
                    .to_owned()
                    .into(),
            );
        }
    }
    if mode == "shouts-on-two" && found.len() == 2 {
        say(call, "shout")?;
        return Err("unexpected EOF".to_owned().into());
    }
    if mode == "stumbles-on-two" && found.len() == 2 {
        say(call, "stumble")?;
        return Err("unexpected EOF".to_owned().into());
    }
    let kept = file(call, source);
    let of = |digest: &str| -> Result<Value, super::Refusal> {
        let image = reference.image(digest)?;
        Ok(json!({
            "id": image.config.digest,
            "marker": image.marker()?,
            "diff_id": image.diff_id()?,
            "layers": image.keep_layers(&kept)?,
            "stored": image.digests(),
        }))
    };
    let inspected = if mode == "inspects-another" {
        last
    } else {
        first
    };
    let copied = if mode == "swaps-content" { last } else { first };
    let mut image = json!({
        "inspected": of(&inspected.digest)?,
        "created": of(&first.digest)?,
        "copied": of(&copied.digest)?,
    });
    if mode == "remembers"
        && let Some(earlier) = remembered(&kept, "fake-")
    {
        image = json(&fs::read(earlier)?)?;
    }
    fs::write(kept, image.to_string())?;
    if mode == "fails-after-all" {
        return Err(MOON.to_owned().into());
    }
    out(&format!("Status: Downloaded newer image for {source}"));
    Ok(0)
}
