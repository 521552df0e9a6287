//! Building releases: `go install` where that takes the module as it is, and else from a module that uses
//! it and says what upstream's own says.

use super::{
    GoError, GoModule, GoRecord, GoRelease, Pins, ReleaseRequest, WhichRelease,
    module_file::ModuleFile,
    store::Workshop,
    toolchain::{DownloadedModule, GoToolchain},
};
use crate::{
    RunDir, Tool, adapter,
    channel::{Store, sum},
    linked::{BuildInfo, linked_with},
    process::Cancel,
};
use ocipick_records::compare_versions;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    time::Instant,
};

/// How a release is built that `go install` takes as it is.
const INSTALL: &str = "install";
/// How any other is.
const CONSUMER: &str = "module with upstream's replaces";

/// What became of one release that was asked for: its name, and what came of it.
pub struct GoOutcome {
    /// What it is called, as far as that is known.
    pub name: String,
    /// The release, and whether it was built now; or why it is not there.
    pub result: Result<(GoRelease, bool), GoError>,
}

/// Builds releases of upstream.
pub struct GoBuilder<'a> {
    store: &'a Store,
    go: GoToolchain<'a>,
    cancel: &'a Cancel,
    watch: &'a dyn Fn(&str),
}

impl<'a> GoBuilder<'a> {
    /// With the Go on `path`, as in the variable PATH, in the environment `env` of the user. `watch` is told
    /// of each release before it is built.
    ///
    /// # Errors
    /// When there is no Go, or it does not work.
    pub fn find(
        store: &'a Store,
        path: &OsStr,
        env: BTreeMap<String, String>,
        run_dir: &RunDir,
        cancel: &'a Cancel,
        watch: &'a dyn Fn(&str),
    ) -> Result<Self, GoError> {
        let go = GoToolchain::find(path, env, &store.go_caches(), run_dir, cancel)?;
        Ok(Self {
            store,
            go,
            cancel,
            watch,
        })
    }

    /// With the Go on the user's own PATH, in the user's own environment.
    ///
    /// # Errors
    /// When there is no Go, or it does not work.
    pub fn of_user(
        store: &'a Store,
        run_dir: &RunDir,
        cancel: &'a Cancel,
        watch: &'a dyn Fn(&str),
    ) -> Result<Self, GoError> {
        let text = |it: std::ffi::OsString| it.into_string().ok();
        let env = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::find(store, &path, env.collect(), run_dir, cancel, watch)
    }

    /// Every release of a tool that its modules list, as upstream calls it, the oldest first.
    ///
    /// # Errors
    /// When none of its modules can be listed.
    pub fn versions(&self, tool: Tool) -> Result<Vec<String>, GoError> {
        let mut all = BTreeSet::new();
        let mut failure = None;
        for module in modules(tool)? {
            match self.go.list(module.path) {
                Ok(listed) => {
                    let versions = listed.versions.into_iter().chain([listed.version]);
                    let versions = versions.filter(|it| module.may_have(it));
                    all.extend(versions.map(|it| module.release_of(&it)));
                }
                Err(error) if error.is_interruption() => return Err(error),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        let mut all: Vec<String> = all.into_iter().collect();
        all.sort_by(|one, other| compare_versions(one, other));
        match failure {
            Some(error) if all.is_empty() => Err(error),
            Some(_) | None => Ok(all),
        }
    }

    /// The releases that are asked for, the oldest first.
    ///
    /// # Errors
    /// When there is none, or they cannot be listed. One that is named outright need not be listed.
    pub fn resolve(&self, request: &ReleaseRequest) -> Result<Vec<String>, GoError> {
        if let WhichRelease::Exact(version) = &request.which {
            return Ok(vec![version.clone()]);
        }
        let versions = self.versions(request.tool)?;
        let found = request.among(&versions);
        if found.is_empty() {
            let known = match (versions.first(), versions.last()) {
                (Some(first), Some(last)) => format!("{first} to {last} are listed"),
                _ => "none is listed".to_owned(),
            };
            return Err(GoError::NoMatch {
                tool: request.tool.as_str(),
                pattern: request.to_string(),
                known,
            });
        }
        Ok(found.into_iter().cloned().collect())
    }

    /// Builds every release that is asked for, each once. One that cannot be built keeps no other from it.
    #[must_use]
    pub fn install(&self, requests: &[ReleaseRequest], renew: bool) -> Vec<GoOutcome> {
        let mut done: Vec<GoOutcome> = Vec::new();
        for request in requests {
            let versions = match self.resolve(request) {
                Ok(versions) => versions,
                Err(error) => {
                    done.push(GoOutcome {
                        name: request.to_string(),
                        result: Err(error),
                    });
                    continue;
                }
            };
            for version in versions {
                let name = super::record::name(request.tool.as_str(), &version);
                if done.iter().all(|it| it.name != name) {
                    let result = self.release(request.tool, &version, renew);
                    let is_over = matches!(&result, Err(error) if error.is_interruption());
                    done.push(GoOutcome { name, result });
                    if is_over {
                        return done;
                    }
                }
            }
        }
        done
    }

    /// The release, and whether it was built now rather than before.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn release(
        &self,
        tool: Tool,
        version: &str,
        renew: bool,
    ) -> Result<(GoRelease, bool), GoError> {
        if !renew && let Ok(Some(there)) = self.store.go_release(tool, version) {
            return Ok((there, false));
        }
        having(tool, version)?;
        let workshop = Workshop::open(self.store, tool, version, self.cancel)?;
        // Perhaps whoever was waited for has made it.
        if !renew && let Ok(Some(there)) = self.store.go_release(tool, version) {
            return Ok((there, false));
        }
        (self.watch)(&super::record::name(tool.as_str(), version));
        Ok((self.build(tool, version, workshop)?, true))
    }

    fn build(&self, tool: Tool, release: &str, workshop: Workshop) -> Result<GoRelease, GoError> {
        let began = Instant::now();
        let (module, fetched) = self.fetch(tool, release)?;
        let version = fetched.version.as_str();
        let no_module_file = !fetched.dir.join("go.mod").is_file();
        if no_module_file {
            return Err(GoError::NoModFile {
                tool: tool.as_str(),
                module: module.path.to_owned(),
                version: version.to_owned(),
            });
        }
        let file = self.go.read_module_file(&fetched.go_mod)?;
        if let Some(local) = file.local() {
            return Err(GoError::LocalReplace {
                tool: tool.as_str(),
                module: module.path.to_owned(),
                version: version.to_owned(),
                library: local.old.path.clone(),
                directory: local.new.path.clone(),
            });
        }
        self.compile(&module, version, &file, &workshop)?;
        let mut record = GoRecord {
            tool: tool.as_str().to_owned(),
            module: module.path.to_owned(),
            version: version.to_owned(),
            release: (release != version).then(|| release.to_owned()),
            sum: fetched.sum.clone(),
            go: self.go.version().to_owned(),
            tags: module.tags.iter().map(|&tag| tag.to_owned()).collect(),
            cgo: module.cgo,
            how: if file.is_plain() { INSTALL } else { CONSUMER }.to_owned(),
            directives: file.directives(),
            libraries: BTreeMap::new(),
            pins: Pins::compare(&BTreeMap::new(), &BTreeMap::new()),
            seconds: 0.0,
            bytes: 0,
            sha256: BTreeMap::new(),
        };
        self.examine(&module, &file, &workshop, &mut record)?;
        // A tenth of a second says enough.
        record.seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        workshop.publish(record)
    }

    /// The module that has this release, fetched at its version.
    fn fetch(&self, tool: Tool, release: &str) -> Result<(GoModule, DownloadedModule), GoError> {
        let mut failure = None;
        for (module, version) in having(tool, release)? {
            match self.go.download(module.path, &version) {
                Ok(fetched) if fetched.version == version => return Ok((*module, fetched)),
                Ok(other) => {
                    failure.get_or_insert(GoError::Other {
                        program: module.path.to_owned(),
                        says: other.version,
                        asked: version,
                    });
                }
                Err(error) if error.is_interruption() => return Err(error),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        Err(failure.unwrap_or_else(|| no_version(tool, release)))
    }

    fn compile(
        &self,
        module: &GoModule,
        version: &str,
        file: &ModuleFile,
        workshop: &Workshop,
    ) -> Result<(), GoError> {
        let bin = workshop.bin();
        fs::create_dir_all(&bin).map_err(GoError::io(&bin))?;
        let bin = bin.to_string_lossy();
        let cgo = if module.cgo { "1" } else { "0" };
        let env = [("GOBIN", &*bin), ("CGO_ENABLED", cgo)];
        let dir = workshop.dir.join("module");
        fs::create_dir(&dir).map_err(GoError::io(&dir))?;
        let here = dir.to_string_lossy().into_owned();
        let versioned = module
            .packages()
            .map(|package| format!("{package}@{version}"));
        let mut install: Vec<String> = ["install", "-C", &here, "-trimpath"]
            .map(str::to_owned)
            .to_vec();
        if !module.tags.is_empty() {
            install.extend(["-tags".to_owned(), module.tags.join(",")]);
        }
        if file.is_plain() {
            install.extend(versioned);
        } else {
            let path = dir.join("go.mod");
            fs::write(&path, file.consumer()).map_err(GoError::io(&path))?;
            let get = ["get", "-C", &here, "-tool"].map(str::to_owned);
            let get: Vec<String> = get.into_iter().chain(versioned).collect();
            self.go.build(&get, &env)?;
            install.extend(module.packages());
        }
        self.go.build(&install, &env)?;
        fs::remove_dir_all(&dir).map_err(GoError::io(&dir))
    }

    /// What the binaries say of themselves: they have to be what was asked for.
    fn examine(
        &self,
        module: &GoModule,
        file: &ModuleFile,
        workshop: &Workshop,
        record: &mut GoRecord,
    ) -> Result<(), GoError> {
        let mut linked = BTreeMap::new();
        for program in module.programs() {
            let path = workshop.bin().join(program);
            let info = BuildInfo::read(&path).unwrap_or_default();
            let says = info.main.clone().unwrap_or_default();
            if says != (record.module.clone(), record.version.clone()) {
                return Err(GoError::Other {
                    program: program.to_owned(),
                    says: match says {
                        (path, _) if path.is_empty() => "nothing".to_owned(),
                        (path, version) => format!("{path} {version}"),
                    },
                    asked: format!("{} {}", record.module, record.version),
                });
            }
            record.libraries.extend(linked_with(&info).libraries);
            linked.extend(info.modules);
            let size = path.metadata().map_err(GoError::io(&path))?.len();
            record.bytes += size;
            let sum = sum(&path).map_err(GoError::io(&path))?;
            record.sha256.insert(program.to_owned(), sum);
        }
        record.pins = Pins::compare(&file.pins(), &linked);
        Ok(())
    }
}

fn modules(tool: Tool) -> Result<&'static [GoModule], GoError> {
    let modules = adapter(tool).go_modules();
    if modules.is_empty() {
        return Err(GoError::NoModule {
            tool: tool.as_str(),
        });
    }
    Ok(modules)
}

/// The modules of a tool that can have a release, with the version that it is of each.
fn having(tool: Tool, release: &str) -> Result<Vec<(&'static GoModule, String)>, GoError> {
    let all = modules(tool)?.iter();
    let all = all.filter_map(|module| Some((module, module.version_of(release)?)));
    let all: Vec<_> = all.collect();
    if all.is_empty() {
        return Err(no_version(tool, release));
    }
    Ok(all)
}

/// Why none of its modules has a release of this name.
fn no_version(tool: Tool, release: &str) -> GoError {
    let all = adapter(tool).go_modules();
    let named = all
        .iter()
        .find_map(|module| Some((module.path, module.names?)));
    match named {
        Some((_, names)) if names.is_before(release) => GoError::NoModFile {
            tool: tool.as_str(),
            module: names.before.to_owned(),
            version: release.to_owned(),
        },
        Some((path, names)) => GoError::Unnamed {
            tool: tool.as_str(),
            release: release.to_owned(),
            module: path,
            known: names.known(),
        },
        None => {
            let paths: Vec<&str> = all.iter().map(|module| module.path).collect();
            GoError::OtherMajor {
                tool: tool.as_str(),
                version: release.to_owned(),
                modules: paths.join(" and "),
            }
        }
    }
}
