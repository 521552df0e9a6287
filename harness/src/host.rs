//! The machine, as results describe it.

use ocipick_adapters::channel::os_release;
use ocipick_records::{Host, Private, host_architecture};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Describes this machine, without anything that names it.
#[must_use]
pub fn describe() -> Host {
    Host {
        os: std::env::consts::OS.to_owned(),
        architecture: host_architecture().to_owned(),
        distribution: os_release("PRETTY_NAME").unwrap_or_else(|| "unknown".to_owned()),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned()),
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
        cpu_level: cpu_level(),
        cgroup: cgroup(Path::new("/sys/fs/cgroup")).map(str::to_owned),
    }
}

/// The level of this machine's processor; nothing on architectures without levels.
#[must_use]
pub fn cpu_level() -> Option<String> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").ok()?;
    level_in(std::env::consts::ARCH, &cpuinfo).map(str::to_owned)
}

/// The levels of x86-64, highest first, by what each has beyond the one below it, in the kernel's
/// words. Tools ask the processor itself, for the same.
const X86_64: [(&str, &[&str]); 3] = [
    (
        "x86-64-v4",
        &["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"],
    ),
    (
        "x86-64-v3",
        &[
            "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave",
        ],
    ),
    (
        "x86-64-v2",
        &[
            "cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3",
        ],
    ),
];

/// Likewise those of ARM, by what the architecture made mandatory and the kernel shows.
const ARM64: [(&str, &[&str]); 7] = [
    ("armv9.0-a", &["sve2"]),
    ("armv8.6-a", &["i8mm", "bf16"]),
    ("armv8.5-a", &["sb", "flagm2", "frint"]),
    ("armv8.4-a", &["ilrcpc", "flagm", "dit", "uscat"]),
    ("armv8.3-a", &["jscvt", "fcma", "lrcpc"]),
    ("armv8.2-a", &["dcpop"]),
    ("armv8.1-a", &["atomics", "asimdrdm"]),
];

fn level_in(architecture: &str, cpuinfo: &str) -> Option<&'static str> {
    let (key, levels, base): (_, &[_], _) = match architecture {
        "x86_64" => ("flags", &X86_64, "x86-64-v1"),
        "aarch64" => ("Features", &ARM64, "armv8.0-a"),
        _ => return None,
    };
    let features: BTreeSet<&str> = cpuinfo.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.split_whitespace().collect())
    })?;
    let mut reached = base;
    // A level is reached only on top of all below it.
    for (name, needs) in levels.iter().rev() {
        let has: bool = needs.iter().all(|need| features.contains(need));
        match (has, *name) {
            (true, name) => reached = name,
            // Version 9 grew out of 8.5 with parts of 8.6 left to choice.
            (false, "armv8.6-a") => {}
            (false, _) => break,
        }
    }
    Some(reached)
}

/// The version of control groups that is mounted there.
fn cgroup(root: &Path) -> Option<&'static str> {
    let is_unified = |dir: &Path| dir.join("cgroup.controllers").exists();
    if is_unified(root) {
        Some("v2")
    } else if is_unified(&root.join("unified")) {
        Some("hybrid")
    } else if root.join("memory").exists() || root.join("cpu").exists() {
        Some("v1")
    } else {
        None
    }
}

/// What names this machine and its user, beside these directories.
#[must_use]
pub fn private(directories: &[(&str, &Path)]) -> Private {
    let env = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let mut private = Private::default();
    let home = env("HOME").map(std::path::PathBuf::from);
    let cwd = std::env::current_dir().ok();
    let tmp = std::env::temp_dir();
    let own = [
        ("home", home.as_deref()),
        ("cwd", cwd.as_deref()),
        ("tmp", Some(&*tmp)),
    ];
    let own = own.into_iter().filter_map(|(what, dir)| Some((what, dir?)));
    for (what, dir) in directories.iter().copied().chain(own) {
        let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let mut ways = vec![absolute.to_string_lossy().into_owned()];
        if let Ok(real) = fs::canonicalize(dir) {
            ways.push(real.to_string_lossy().into_owned());
        }
        ways.dedup();
        private.directories.insert(what.to_owned(), ways);
    }
    let host = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok());
    let user = nix::unistd::User::from_uid(nix::unistd::getuid())
        .ok()
        .flatten();
    let names = [
        ("host", host),
        ("user", user.map(|user| user.name)),
        (
            "login",
            env("LOGNAME")
                .or_else(|| env("USER"))
                .and_then(|name| name.into_string().ok()),
        ),
    ];
    private.names = names
        .into_iter()
        .filter_map(|(what, name)| Some((what.to_owned(), name.filter(|name| !name.is_empty())?)))
        .collect::<BTreeMap<_, _>>();
    private
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "fpu sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm";
    const V3: &str = "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave";

    #[test]
    fn levels_build_on_each_other() {
        let of =
            |flags: &str| level_in("x86_64", &format!("model name\t: x\nflags\t\t: {flags}\n"));
        let v4 = "avx512f avx512bw avx512cd avx512dq avx512vl";
        assert_eq!(of("fpu sse2"), Some("x86-64-v1"));
        assert_eq!(of(V2), Some("x86-64-v2"));
        assert_eq!(of(&format!("{V2} {V3}")), Some("x86-64-v3"));
        assert_eq!(of(&format!("{V2} {V3} {v4}")), Some("x86-64-v4"));
        assert_eq!(of(&format!("{V2} {v4}")), Some("x86-64-v2"), "without v3");
        assert_eq!(of(V3), Some("x86-64-v1"), "without v2");
        let arm = |features: &str| level_in("aarch64", &format!("Features\t: {features}\n"));
        assert_eq!(arm("fp asimd"), Some("armv8.0-a"));
        assert_eq!(arm("fp atomics asimdrdm dcpop"), Some("armv8.2-a"));
        assert_eq!(level_in("riscv64", "isa : rv64"), None);
        assert_eq!(level_in("x86_64", ""), None);
    }

    #[test]
    fn this_machine_has_a_level() {
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            assert!(cpu_level().is_some());
        }
    }

    #[test]
    fn control_groups_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert_eq!(cgroup(root), None);
        fs::create_dir(root.join("memory")).unwrap();
        assert_eq!(cgroup(root), Some("v1"));
        fs::create_dir(root.join("unified")).unwrap();
        fs::write(root.join("unified/cgroup.controllers"), "").unwrap();
        assert_eq!(cgroup(root), Some("hybrid"));
        fs::write(root.join("cgroup.controllers"), "cpu").unwrap();
        assert_eq!(cgroup(root), Some("v2"));
    }
}
