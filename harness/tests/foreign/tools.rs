//! Layouts that real tools make, where they are: on the PATH, or in a provisioned release.

use crate::{
    fixtures::Expect,
    writer::{Archive, Layout, Wrap},
};
use anyhow::{Context as _, bail};
use ocipick_adapters::process::{Cancel, Invocation, Isolation, Mount, run};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// A layout that a tool makes.
pub(crate) struct Made {
    pub(crate) id: &'static str,
    pub(crate) tool: &'static str,
    pub(crate) cases: &'static [(&'static str, Expect)],
    pub(crate) make: fn(&ToolRunner<'_>, &Path) -> anyhow::Result<()>,
}

pub(crate) const MADE: &[Made] = &[
    Made {
        id: "skopeo-copy",
        tool: "skopeo",
        cases: &[("", Expect::Picks("manifests[1]"))],
        make: |bench, dir| {
            let from = bench.multi_arch()?;
            let (from, to) = (reference(&from, "latest"), reference(dir, "copied"));
            bench.run(
                "skopeo",
                &["--insecure-policy", "copy", "--all", &from, &to],
            )
        },
    },
    Made {
        id: "skopeo-zstd",
        tool: "skopeo",
        cases: &[("", Expect::Picks("manifest"))],
        make: |bench, dir| {
            let from = bench.multi_arch()?;
            let (from, to) = (reference(&from, "latest"), reference(dir, "zstd"));
            let options = ["--override-os", "linux", "--override-arch", "amd64"];
            let compress = ["--dest-compress", "--dest-compress-format", "zstd"];
            let mut args = vec!["--insecure-policy"];
            args.extend(options);
            args.push("copy");
            args.extend(compress);
            args.extend([from.as_str(), &to]);
            bench.run("skopeo", &args)
        },
    },
    Made {
        id: "skopeo-two-names",
        tool: "skopeo",
        cases: &[
            (":all", Expect::Picks("manifests[1]")),
            (":one", Expect::Picks("manifest")),
        ],
        make: |bench, dir| {
            let from = reference(&bench.multi_arch()?, "latest");
            let all = reference(dir, "all");
            bench.run(
                "skopeo",
                &["--insecure-policy", "copy", "--all", &from, &all],
            )?;
            let one = reference(dir, "one");
            let platform = ["--override-os", "linux", "--override-arch", "amd64"];
            let mut args = vec!["--insecure-policy"];
            args.extend(platform);
            args.extend(["copy", from.as_str(), &one]);
            bench.run("skopeo", &args)
        },
    },
    Made {
        id: "umoci",
        tool: "umoci",
        cases: &[("", Expect::Picks("manifest"))],
        make: |bench, dir| {
            let layout = dir.to_string_lossy();
            let image = format!("{layout}:1.0");
            let file = bench.file("motd", b"made by umoci\n")?;
            let file = file.to_string_lossy();
            bench.run("umoci", &["init", "--layout", &layout])?;
            bench.run("umoci", &["new", "--image", &image])?;
            let platform = ["--architecture", "amd64", "--os", "linux"];
            let mut args = vec!["config", "--image", &image];
            args.extend(platform);
            bench.run("umoci", &args)?;
            bench.run("umoci", &["insert", "--image", &image, &file, "/etc/motd"])?;
            bench.run("umoci", &["gc", "--layout", &layout])
        },
    },
    Made {
        id: "buildah",
        tool: "buildah",
        cases: &[("", Expect::Picks("manifest"))],
        make: |bench, dir| {
            let (root, runroot) = (bench.path("storage"), bench.path("runroot"));
            let file = bench.file("motd", b"made by buildah\n")?;
            let to = reference(dir, "1.0");
            let steps: [&[&str]; 4] = [
                &["from", "--name", "made", "scratch"],
                &["copy", "made", &file.to_string_lossy(), "/etc/motd"],
                &["config", "--arch", "amd64", "--os", "linux", "made"],
                &["commit", "--format", "oci", "made", &to],
            ];
            for step in steps {
                let (root, runroot) = (root.to_string_lossy(), runroot.to_string_lossy());
                let store = [
                    "--root",
                    &*root,
                    "--runroot",
                    &*runroot,
                    "--storage-driver",
                    "vfs",
                ];
                bench.run("buildah", &[&store[..], step].concat())?;
            }
            Ok(())
        },
    },
];

fn reference(dir: &Path, tag: &str) -> String {
    format!("oci:{}:{tag}", dir.display())
}

/// Where tools are run, and where they are.
pub(crate) struct ToolRunner<'a> {
    /// A directory for whatever they need.
    pub(crate) dir: PathBuf,
    /// The root directories of provisioned releases.
    pub(crate) roots: &'a [PathBuf],
    pub(crate) cancel: &'a Cancel,
}

impl ToolRunner<'_> {
    /// Where a tool is: its program, and the root that it is in.
    pub(crate) fn find(&self, tool: &str) -> Option<(PathBuf, Option<&Path>)> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places = std::env::split_paths(&path).map(|dir| dir.join(tool));
        if let Some(program) = places.find(|program| program.is_file()) {
            return Some((program, None));
        }
        let inside = Path::new("usr/bin").join(tool);
        let root = self
            .roots
            .iter()
            .find(|root| root.join(&inside).is_file())?;
        Some((Path::new("/").join(inside), Some(root)))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.path(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// A layout with images for two architectures, to be copied.
    fn multi_arch(&self) -> anyhow::Result<PathBuf> {
        let dir = self.path("multi-arch");
        if !dir.exists() {
            let layout = Layout::new(&dir)?;
            let image = |architecture: &str| {
                let platform = json!({ "architecture": architecture, "os": "linux" });
                layout.plain_image(&platform, Archive::system(architecture), Wrap::Gzip)
            };
            layout.index(&[image("arm64")?, image("amd64")?])?;
        }
        Ok(dir)
    }

    fn run(&self, tool: &str, args: &[&str]) -> anyhow::Result<()> {
        let (program, root) = self.find(tool).context("the tool is gone")?;
        let above = self.dir.parent().unwrap_or(&self.dir);
        let isolation = match root {
            None => Isolation::None,
            Some(root) => Isolation::Root {
                root: root.to_owned(),
                mounts: vec![Mount::same(above)],
            },
        };
        let dir = self.dir.to_string_lossy().into_owned();
        let env = [
            ("HOME", dir.as_str()),
            ("TMPDIR", &dir),
            ("XDG_RUNTIME_DIR", &dir),
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ];
        let invocation = Invocation {
            program,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: env
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect::<BTreeMap<_, _>>(),
            isolation,
            deadline: Duration::from_secs(60),
            output: self.path("said"),
            reveal: None,
        };
        let ran = run(&invocation, self.cancel)?;
        if !ran.exit.is_success() {
            bail!("{}: {:?}: {}", ran.line, ran.exit, ran.last_words());
        }
        Ok(())
    }
}
