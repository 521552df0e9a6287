//! The provider against a `go` that is a script: what is asked of it, and what becomes of its answers.

use super::*;
use crate::{
    RunDir, Tool,
    channel::Store,
    linked::made::{modules, program},
    process::Cancel,
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

const MODULE: &str = "github.com/google/go-containerregistry";

const ENGINE: &str = "github.com/moby/moby/v2";

/// A Go that has one module, in which each version is wrong in a way of its own, and one whose versions upstream
/// calls otherwise.
const GO: &str = r#"#!/bin/sh
here=HERE
echo "$*" >> $here/asked
printf '%s\n' "flags=$GOFLAGS proxy=$GOPROXY mod=$GOMODCACHE cgo=$CGO_ENABLED toolchain=$GOTOOLCHAIN" >> $here/environment
for last; do :; done
case "$1 $2" in
"env -json") echo '{"GOVERSION": "go1.26.8", "GOFLAGS": ""}' ;;
"list -C")
  case "$last" in
  ENGINE@*) echo '{"Version": "v2.0.0-beta.99", "Versions": ["v2.0.0-beta.9", "v2.0.0-beta.15", "v2.0.0-beta.18", "v2.0.0-beta.99"]}'; exit ;;
  esac
  echo '{"Version": "v0.22.1", "Versions": ["v0.9.0", "v0.20.1", "v0.20.10", "v0.20.2", "v0.22.1", "v0.23.0-rc.1"]}' ;;
"mod download")
  version=${last#*@}
  if [ $version = v0.1.0 ]; then
    printf '%s\n' '{"Error": "MODULE@v0.1.0: reading the list: 403 Forbidden\n\tserver response: not available"}'
    exit 1
  fi
  mkdir -p $here/mod/$version
  [ $version = v0.2.0 ] || touch $here/mod/$version/go.mod
  echo "{\"Path\": \"MODULE\", \"Version\": \"$version\", \"GoMod\": \"$here/mod/$version/go.mod\", \"Dir\": \"$here/mod/$version\", \"Sum\": \"h1:of-$version\"}" ;;
"mod edit")
  require='"Require": [{"Path": "a", "Version": "v1.0.0"}]'
  case "$last" in
  */v0.3.0/*) echo "{\"Go\": \"1.14\", $require, \"Replace\": [{\"Old\": {\"Path\": \"api\"}, \"New\": {\"Path\": \"./api\"}}]}" ;;
  */v0.4.0/*) echo "{\"Go\": \"1.24\", $require, \"Replace\": [{\"Old\": {\"Path\": \"a\"}, \"New\": {\"Path\": \"a\", \"Version\": \"v1.2.0\"}}]}" ;;
  *) echo "{\"Go\": \"1.24\", $require}" ;;
  esac ;;
"get -C") echo "${last#*@}" > $3/got; cp $3/go.mod $here/consumer ;;
"install -C")
  version=${last#*@}
  [ -f $3/got ] && version=$(cat $3/got)
  if [ $version = v0.9.0 ]; then
    echo 'go: downloading a v1.0.0' >&2
    echo '# MODULE/pkg' >&2
    echo 'pkg/x.go:1:2: undefined: syscall.Gone' >&2
    exit 1
  fi
  case "$last" in
  ENGINE/*) cp $here/built-$version $GOBIN/dockerd ;;
  *) cp $here/built-$version $GOBIN/crane ;;
  esac ;;
*) echo "no $*" >&2; exit 2 ;;
esac
"#;

const NOBODY: Privileges = Privileges {
    root: false,
    namespaces: false,
};

struct Stage {
    dir: tempfile::TempDir,
    run_dir: RunDir,
    cancel: Cancel,
}

impl Stage {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (run_dir, _) = RunDir::claim(dir.path(), false).unwrap();
        let stage = Self {
            run_dir,
            dir,
            cancel: Cancel::default(),
        };
        let bin = stage.path("bin");
        fs::create_dir(&bin).unwrap();
        let here = stage.dir.path().to_str().unwrap();
        let script = GO.replace("HERE", here).replace("MODULE", MODULE);
        let script = script.replace("ENGINE", ENGINE);
        fs::write(bin.join("go"), script).unwrap();
        fs::set_permissions(bin.join("go"), fs::Permissions::from_mode(0o755)).unwrap();
        for (version, says, a) in [
            ("v0.20.1", "v0.20.1", "v1.0.0"),
            ("v0.20.2", "v0.20.2", "v1.0.0"),
            ("v0.20.10", "v0.20.10", "v1.0.5"),
            ("v0.22.1", "v0.22.1", "v1.0.0"),
            ("v0.4.0", "v0.4.0", "v1.2.0"),
            ("v0.5.0", "v0.5.1", "v1.0.0"),
        ] {
            stage.offer(MODULE, version, says, a);
        }
        for version in ["v2.0.0-beta.15", "v2.0.0-beta.18", "v2.0.0-beta.99"] {
            stage.offer(ENGINE, version, version, "v1.0.0");
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn offer(&self, module: &str, version: &str, says: &str, a: &str) {
        let main = format!("mod\t{module}\t{says}\th1:x");
        let dependency = format!("dep\ta\t{a}\th1:x");
        let text = modules(&[&main, &dependency]);
        let path = self.path(&format!("built-{version}"));
        fs::write(&path, program("go1.26.8", &text)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn store(&self) -> Store {
        Store::at(&self.path("cache"))
    }

    fn with_builder<T>(&self, use_it: impl FnOnce(&GoBuilder<'_>) -> T) -> T {
        let store = self.store();
        let path = std::env::join_paths([self.path("bin").as_path(), Path::new("/usr/bin")]);
        let own = [
            ("GOFLAGS", "-mod=vendor"),
            ("GOPROXY", "the user's"),
            ("GOTOOLCHAIN", "local"),
        ];
        let env = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let builder = GoBuilder::find(
            &store,
            &path.unwrap(),
            BTreeMap::from(env),
            &self.run_dir,
            &self.cancel,
            &|_| (),
        );
        use_it(&builder.unwrap())
    }

    fn install(&self, requests: &[&str]) -> Vec<(String, Result<GoRelease, String>)> {
        let requests: Vec<ReleaseRequest> = requests.iter().map(|it| it.parse().unwrap()).collect();
        let done = self.with_builder(|builder| builder.install(&requests, false));
        done.into_iter()
            .map(|it| {
                let result = it.result.map(|(release, _)| release);
                (it.name, result.map_err(|error| error.to_string()))
            })
            .collect()
    }

    fn refused(&self, request: &str) -> String {
        let mut all = self.install(&[request]);
        assert_eq!(all.len(), 1);
        assert!(self.store().go_releases().is_empty());
        // Nothing half made stays, either.
        let left = walkdir::WalkDir::new(self.path("cache/channels/go/crane"));
        let left: Vec<_> = left.min_depth(1).into_iter().flatten().collect();
        assert!(
            left.iter()
                .all(|it| it.path().extension().is_some_and(|end| end == "lock")),
            "{left:?}"
        );
        all.remove(0).1.unwrap_err()
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.path("asked")).unwrap()
    }
}

#[test]
fn a_plain_release_is_installed_with_caches_of_its_own_and_the_proxy_of_the_user() {
    let stage = Stage::new();
    let done = stage.install(&["crane@0.22.1"]);
    let release = done[0].1.as_ref().unwrap();
    assert_eq!(done[0].0, "crane@v0.22.1");
    let record = &release.record;
    assert_eq!((&*record.module, &*record.sum), (MODULE, "h1:of-v0.22.1"));
    assert_eq!((&*record.how, &*record.go), ("install", "1.26.8"));
    assert_eq!(record.sha256.len(), 1);
    assert!(record.bytes > 0 && record.directives.is_empty());
    assert_eq!(
        serde_json::to_value(&record.pins).unwrap(),
        serde_json::json!("as upstream")
    );
    let asked = stage.asked();
    let install = asked.lines().last().unwrap();
    assert!(install.contains(" -trimpath "), "{install}");
    assert!(
        install.ends_with(&format!("{MODULE}/cmd/crane@v0.22.1")),
        "{install}"
    );
    let environment = fs::read_to_string(stage.path("environment")).unwrap();
    let cache = stage.path("cache/go/mod");
    assert_eq!(
        environment.lines().last().unwrap(),
        format!(
            "flags= proxy=the user's mod={} cgo=0 toolchain=local",
            cache.display()
        )
    );
    assert!(
        stage
            .path("cache/channels/go/crane/v0.22.1/bin/crane")
            .is_file()
    );
    assert!(
        stage
            .path("cache/channels/go/crane/v0.22.1/channel.json")
            .is_file()
    );
}

#[test]
fn what_is_there_is_not_built_again_unless_it_is_to_be() {
    let stage = Stage::new();
    stage.install(&["crane@v0.22.1"]);
    let before = stage.asked().lines().count();
    stage.install(&["crane@v0.22.1"]);
    assert_eq!(
        stage.asked().lines().count(),
        before + 1,
        "but for its version"
    );
    let request = ["crane@v0.22.1".parse().unwrap()];
    let done = stage.with_builder(|builder| builder.install(&request, true));
    assert!(done[0].result.as_ref().unwrap().1);
    assert_eq!(stage.store().go_releases().len(), 1);
}

#[test]
fn globs_and_the_newest_come_from_the_list_of_the_module_in_the_order_of_versions() {
    let stage = Stage::new();
    let done = stage.install(&["crane@v0.20.*", "crane@latest", "crane@v0.20.1"]);
    let names: Vec<&str> = done.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "crane@v0.20.1",
            "crane@v0.20.2",
            "crane@v0.20.10",
            "crane@v0.22.1"
        ]
    );
    assert!(done.iter().all(|(_, result)| result.is_ok()));
    let error = stage.install(&["crane@v7.*"]).remove(0).1.unwrap_err();
    assert!(
        error.contains("v0.9.0 to v0.23.0-rc.1 are listed"),
        "{error}"
    );
}

#[test]
fn a_release_that_replaces_is_built_from_a_module_that_says_the_same() {
    let stage = Stage::new();
    let done = stage.install(&["crane@v0.4.0"]);
    let record = &done[0].1.as_ref().unwrap().record;
    assert_eq!(record.how, "module with upstream's replaces");
    assert_eq!(record.directives, ["replace a => a v1.2.0"]);
    assert_eq!(
        fs::read_to_string(stage.path("consumer")).unwrap(),
        "module build\n\ngo 1.24\n\nreplace a => a v1.2.0\n"
    );
    assert!(
        stage
            .asked()
            .contains(&format!(" -tool {MODULE}/cmd/crane@v0.4.0\n"))
    );
    assert!(stage.asked().ends_with(&format!("{MODULE}/cmd/crane\n")));
    // What replaces a library is what the release pins.
    assert!(matches!(record.pins, Pins::Same(_)));
}

#[test]
fn releases_are_named_as_upstream_does_and_known_by_the_version_of_the_module() {
    let stage = Stage::new();
    let done = stage.install(&["docker@29.*", "docker@latest", "docker@2.0.0-beta.18"]);
    let names: Vec<&str> = done.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["docker@v29.5.2", "docker@v29.6.0"]);
    let release = done[1].1.as_ref().unwrap();
    let record = serde_json::to_value(&release.record).unwrap();
    assert_eq!(
        (&record["module"], &record["version"], &record["release"]),
        (&ENGINE.into(), &"v2.0.0-beta.18".into(), &"v29.6.0".into())
    );
    assert!(
        stage
            .asked()
            .contains(&format!(" {ENGINE}/cmd/dockerd@v2.0.0-beta.18\n"))
    );
    let (store, docker) = (stage.store(), "docker".parse().unwrap());
    let found = store.go_release(docker, "v29.6.0").unwrap().unwrap();
    assert_eq!(&found, release);
    let told = |release: &GoRelease| {
        let place = Installation::built(release, OsStr::new("/usr/bin"), NOBODY);
        let binary = release.bin().join("dockerd");
        let said = Ok("library-import".to_owned());
        crate::detect::version(&said, &place, Some(&binary), "docker.io")
    };
    assert_eq!(told(release).unwrap(), "29.6.0");
    // The version of the module stays what the binary has to own up to.
    let mut other = release.clone();
    other.record.version = "v2.0.0-beta.15".to_owned();
    assert!(told(&other).unwrap_err().contains("rather than"));
    // One that upstream's names do not have is built where it is asked for outright.
    let done = stage.install(&["docker@v2.0.0-beta.99"]);
    let (name, result) = &done[0];
    assert!(name.ends_with("_2.0.0-beta.99"), "{name}");
    let version = told(result.as_ref().unwrap()).unwrap();
    assert!(
        version.starts_with("29.") && version.ends_with("_2.0.0-beta.99"),
        "{version}"
    );
    assert_eq!(stage.install(&[name])[0].0, *name);
}

#[test]
fn what_a_release_takes_besides_is_lent_by_others_and_said() {
    let stage = Stage::new();
    let docker: Tool = "docker".parse().unwrap();
    stage.install(&["docker@29.6.0"]);
    let store = stage.store();
    let release = store.go_release(docker, "v29.6.0").unwrap().unwrap();
    let place = |path: &Path| {
        let mut place = Installation::built(&release, path.as_os_str(), NOBODY);
        place.folders.truncate(2);
        let holds = place.add_companions(docker, &store, &stage.run_dir, &stage.cancel);
        (place, holds.unwrap().len())
    };
    let program = |path: PathBuf, script: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    // Nothing is there.
    let (bare, holds) = place(Path::new("/nonexistent"));
    assert_eq!((bare.lacks(docker).unwrap().program, holds), ("docker", 0));
    // One release of a distribution has one that does not start here, and an older one has one that does.
    for name in ["sid", "bookworm"] {
        let channel = stage.path("cache/channels").join(name);
        fs::create_dir_all(channel.join("root/usr/bin")).unwrap();
        let record =
            format!(r#"{{"name":"{name}","tools":["docker"],"packages":{{}},"bootstrapper":"x"}}"#);
        fs::write(channel.join("channel.json"), record).unwrap();
    }
    let root = |name: &str| {
        stage
            .path("cache/channels")
            .join(name)
            .join("root/usr/bin/docker")
    };
    program(root("sid"), "echo needs another glibc >&2; exit 1");
    let client = program(root("bookworm"), "echo Docker version 20.10.24");
    let (half, _) = place(Path::new("/nonexistent"));
    assert_eq!(half.find("docker"), Some(client));
    let lacks = half.lacks(docker).unwrap();
    assert_eq!(lacks.program, "containerd");
    assert!(lacks.remedy().contains("channel install containerd@latest"));
    // The newest that was built.
    for version in ["v2.2.9", "v2.10.0"] {
        let dir = stage.path("cache/channels/go/containerd").join(version);
        program(
            dir.join("bin/containerd"),
            &format!("echo containerd {version}"),
        );
        let record = format!(
            r#"{{"tool":"containerd","module":"m","version":"{version}","sum":"h1:","go":"1.26","tags":[],
            "cgo":false,"how":"install","libraries":{{}},"pins":"as upstream","seconds":1.0,"bytes":1,"sha256":{{}}}}"#
        );
        fs::write(dir.join("channel.json"), record).unwrap();
    }
    let runc = stage.path("cache/channels/bookworm/root/usr/sbin/runc");
    program(runc, "echo runc version 1.1.5");
    let (whole, holds) = place(Path::new("/nonexistent"));
    assert_eq!((whole.lacks(docker), holds), (None, 3));
    let notes = whole.notes.join("\n");
    assert!(
        notes.contains("from Debian's bookworm: Docker version 20.10.24")
            && notes.contains("containerd@v2.10.0, which was built here"),
        "{notes}"
    );
    // What is on PATH comes first, and nothing is said of it.
    let own = program(stage.path("own/docker"), "echo Docker version 28.2.2");
    program(stage.path("own/containerd"), "echo containerd 2.1.0");
    program(stage.path("own/runc"), "echo runc version 1.2.0");
    let (own_place, _) = place(&stage.path("own"));
    assert_eq!(own_place.find("docker"), Some(own));
    assert!(own_place.companions.is_empty() && own_place.notes.is_empty());
}

#[test]
fn what_cannot_be_built_is_refused_with_the_reason_and_another_way() {
    let stage = Stage::new();
    let local = stage.refused("crane@v0.3.0");
    assert!(
        local.contains("v0.3.0 takes api from ./api") && local.contains("ocipick channel install"),
        "{local}"
    );
    let none = stage.refused("crane@v0.2.0");
    assert!(
        none.contains("has no go.mod") && none.contains("(hint: "),
        "{none}"
    );
    let absent = stage.refused("crane@v0.1.0");
    assert!(
        absent.contains("403 Forbidden; server response: not available"),
        "{absent}"
    );
    let major = stage.refused("crane@v2.0.0");
    assert!(major.contains("other major versions"), "{major}");
    let compiler = stage.refused("crane@v0.9.0");
    assert_eq!(
        compiler,
        "does not build with Go 1.26.8: pkg/x.go:1:2: undefined: syscall.Gone"
    );
    let other = stage.refused("crane@v0.5.0");
    assert!(
        other.contains("v0.5.1, and") && other.contains("v0.5.0 was asked for"),
        "{other}"
    );
    let podman = stage.refused("podman@5.8.0");
    assert!(podman.contains("not built from a Go module"), "{podman}");
    let old = stage.refused("docker@28.5.2");
    assert!(
        old.contains("docker/docker v28.5.2 has no go.mod") && old.contains("Debian's builds"),
        "{old}"
    );
    let between = stage.refused("docker@29.6.1");
    assert!(
        between.contains("no version of github.com/moby/moby/v2")
            && between.contains("v29.6.0, v29.7.0"),
        "{between}"
    );
}

#[test]
fn one_that_fails_keeps_no_other_from_being_built() {
    let stage = Stage::new();
    let done = stage.install(&["crane@v0.9.0", "crane@v0.20.1"]);
    assert!(done[0].1.is_err() && done[1].1.is_ok());
    let releases = stage.store().go_releases();
    assert_eq!(releases, [("crane".parse().unwrap(), "v0.20.1".to_owned())]);
}

#[test]
fn without_go_one_is_told_how_to_get_it() {
    let stage = Stage::new();
    let (store, env) = (stage.store(), BTreeMap::new());
    let found = GoBuilder::find(
        &store,
        OsStr::new("/nonexistent"),
        env,
        &stage.run_dir,
        &stage.cancel,
        &|_| (),
    );
    let error = found.err().unwrap().to_string();
    assert!(error.contains("apt-get install golang-go"), "{error}");
    assert!(!error.contains('\n') && !stage.path("cache").exists());
}

#[test]
fn a_release_is_known_by_its_build_information() {
    let stage = Stage::new();
    stage.install(&["crane@v0.20.10"]);
    let release = stage
        .store()
        .go_release("crane".parse().unwrap(), "v0.20.10");
    let release = release.unwrap().unwrap();
    let mut place = Installation::built(&release, OsStr::new("/usr/bin"), NOBODY);
    let binary = release.bin().join("crane");
    let told = |place: &Installation| {
        let said = Ok("0.0.0-of-somebody-else".to_owned());
        crate::detect::version(&said, place, Some(&binary), "crane")
    };
    assert_eq!(told(&place).unwrap(), "0.20.10");
    assert!(
        place.notes[0].contains("a v1.0.5 for v1.0.0"),
        "{:?}",
        place.notes
    );
    place.module.as_mut().unwrap().version = "v0.20.2".to_owned();
    assert!(told(&place).unwrap_err().contains("rather than"));
}

#[test]
fn releases_are_removed_one_by_one_and_damage_is_seen() {
    let stage = Stage::new();
    stage.install(&["crane@v0.20.1", "crane@v0.22.1"]);
    let (store, tool) = (stage.store(), "crane".parse().unwrap());
    let release = store.go_release(tool, "v0.22.1").unwrap().unwrap();
    assert!(store.changed_binaries(&release).is_empty());
    fs::write(release.bin().join("crane"), "other").unwrap();
    assert_eq!(store.changed_binaries(&release), ["crane"]);
    let held = store.hold_go_release(tool, "v0.22.1").unwrap();
    assert!(
        store.remove_go_release(tool, "v0.22.1").is_err(),
        "it is in use"
    );
    drop(held);
    assert!(store.remove_go_release(tool, "v0.22.1").unwrap());
    assert!(!store.remove_go_release(tool, "v0.22.1").unwrap());
    assert_eq!(store.go_releases().len(), 1);
    assert!(
        store.names().is_empty(),
        "it is no release of a distribution"
    );
    fs::write(
        stage.path("cache/channels/go/crane/v0.20.1/channel.json"),
        "{",
    )
    .unwrap();
    assert!(store.go_release(tool, "v0.20.1").is_err());
}
