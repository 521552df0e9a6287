//! What a release that was built takes besides: programs that its module does not build, and that this machine
//! may lack.

use crate::{
    Installation, RunDir, Sandbox, Tool, adapter,
    channel::{InstalledChannel, SharedLock, Store, running_release},
    detect::version_of,
    installation::is_program,
    process::Cancel,
};
use std::{io, path::PathBuf, sync::Arc};

/// A program that a release takes besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Companion {
    /// What it is called.
    pub program: &'static str,
    /// The tool with which it comes.
    pub tool: &'static str,
    /// Whether nothing works without it.
    pub needed: bool,
}

/// Where a program can come from.
struct Candidate {
    path: PathBuf,
    /// Whose it is.
    of: String,
    from: From,
}

enum From {
    Release(Tool, String),
    Channel(String),
}

/// Where Debian's packages have programs, below the root directory of a release.
const FOLDERS: [&str; 2] = ["usr/bin", "usr/sbin"];

impl Companion {
    /// How to get it.
    pub(crate) fn remedy(self) -> String {
        if self.is_built() {
            format!("`ocipick channel install {}@latest`", self.tool)
        } else {
            // What is of the machine's own release surely finds its libraries there.
            let own = running_release();
            let name = own.as_ref().map_or("sid", |release| release.name());
            format!("`ocipick channel install {name} --tool {}`", self.tool)
        }
    }

    /// Whether a module builds it.
    fn is_built(self) -> bool {
        let tool: Option<Tool> = self.tool.parse().ok();
        let modules = tool.map(|tool| adapter(tool).go_modules());
        let mut modules = modules.unwrap_or_default().iter();
        modules.any(|module| module.programs().any(|it| it == self.program))
    }

    /// Where it can come from, the best first: the newest release that was built, and then the newest of a
    /// distribution, for which its additions do not count.
    fn candidates(self, store: &Store) -> Vec<Candidate> {
        let Ok(tool) = self.tool.parse::<Tool>() else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for (of, version) in store.go_releases().into_iter().rev() {
            if of == tool
                && let Ok(Some(release)) = store.go_release(tool, &version)
            {
                all.push(Candidate {
                    path: release.bin().join(self.program),
                    of: format!("{}, which was built here", release.name()),
                    from: From::Release(tool, version),
                });
            }
        }
        let channels = store.list().into_iter().rev();
        let (additions, releases): (Vec<InstalledChannel>, Vec<_>) =
            channels.partition(|channel| channel.record.base.is_some());
        for channel in releases.into_iter().chain(additions) {
            for folder in FOLDERS {
                all.push(Candidate {
                    path: channel.root.join(folder).join(self.program),
                    of: format!("Debian's {}", channel.record.name),
                    from: From::Channel(channel.record.name.clone()),
                });
            }
        }
        all.retain(|candidate| is_program(&candidate.path));
        all
    }
}

impl Installation {
    /// Takes what it needs besides, and this machine lacks, from other releases that are there: the first that
    /// starts. It is said in the notes, and what is returned keeps those releases in place.
    ///
    /// # Errors
    /// When no private directory can be made.
    pub fn add_companions(
        &mut self,
        tool: Tool,
        store: &Store,
        run_dir: &RunDir,
        cancel: &Cancel,
    ) -> io::Result<Vec<Arc<SharedLock>>> {
        let mut holds = Vec::new();
        for companion in adapter(tool).companions() {
            if self.find(companion.program).is_some() {
                continue;
            }
            for candidate in companion.candidates(store) {
                let hold = match &candidate.from {
                    From::Release(tool, version) => store.hold_go_release(*tool, version),
                    From::Channel(name) => store.hold(name),
                };
                // One that another ocipick makes right now is as good as none.
                let Ok(hold) = hold else { continue };
                let dir = run_dir.dir().join("scout").join(companion.program);
                let sandbox =
                    Sandbox::furnish(&dir, run_dir.dir(), run_dir.session(), self, cancel)?;
                // That of a distribution runs outside of its root directory, where the machine has its libraries.
                let Ok(said) = version_of(&candidate.path, "--version", &sandbox) else {
                    continue;
                };
                self.notes.push(format!(
                    "`{}` is not on PATH, and was taken from {}: {said}",
                    companion.program, candidate.of
                ));
                self.companions.insert(companion.program, candidate.path);
                holds.extend(hold.map(Arc::new));
                break;
            }
        }
        Ok(holds)
    }

    /// The first program that nothing works without and that is nowhere.
    pub(crate) fn lacks(&self, tool: Tool) -> Option<Companion> {
        self.module.as_ref()?;
        let mut all = adapter(tool).companions().iter().copied();
        all.find(|companion| companion.needed && self.find(companion.program).is_none())
    }
}
