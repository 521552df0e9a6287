//! Who may do what with a channel at once: any number of runs may work inside it, or one process
//! may make, replace or remove it.

use super::StoreError;
use crate::process::Cancel;
use std::{
    fs::{File, TryLockError},
    path::Path,
    time::{Duration, Instant},
};

/// How long a lock may be busy before it counts as taken: whoever only looks holds it for a moment.
const MOMENT: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(50);

/// Keeps a channel from being replaced or removed for as long as it is held.
#[derive(Debug)]
pub struct SharedLock(
    #[expect(dead_code, reason = "the lock lives as long as the file is open")] File,
);

/// The right to make, replace or remove a channel, for as long as it is held.
#[derive(Debug)]
pub(crate) struct ExclusiveLock {
    pub(super) name: String,
    #[expect(dead_code, reason = "the lock lives as long as the file is open")]
    file: File,
}

/// Shares the lock at `path` with other runs. `None` where nothing can be locked.
pub(crate) fn hold(name: &str, path: &Path) -> Result<Option<SharedLock>, StoreError> {
    let Ok(file) = File::open(path).or_else(|_| File::create(path)) else {
        return Ok(None);
    };
    let deadline = Instant::now() + MOMENT;
    loop {
        match file.try_lock_shared() {
            Ok(()) => return Ok(Some(SharedLock(file))),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                return Err(StoreError::BeingMade(name.to_owned()));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
        }
    }
}

/// Takes the lock at `path` alone, or says that there is somebody else.
pub(super) fn claim_at_once(name: &str, path: &Path) -> Result<Option<ExclusiveLock>, StoreError> {
    let (file, fail) = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(claimed(name, file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(fail("cannot lock", source)),
    }
}

/// What to do where another process has the lock alone.
pub(crate) enum Others<'a> {
    /// Wait until it is done, after calling this.
    WaitFor(&'a dyn Fn()),
    /// Give up.
    Refuse,
}

/// Takes the lock at `path` alone. Never waits for runs, which may take hours.
pub(crate) fn claim(
    name: &str,
    path: &Path,
    others: &Others<'_>,
    cancel: &Cancel,
) -> Result<ExclusiveLock, StoreError> {
    let (file, fail) = open(path)?;
    let (mut shared, mut alone) = (None, None);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(claimed(name, file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => return Err(fail("cannot lock", source)),
        }
        // It can only be shared where runs share it.
        if file.try_lock_shared().is_ok() {
            file.unlock()
                .map_err(|source| fail("cannot unlock", source))?;
            alone = None;
            if shared.get_or_insert_with(Instant::now).elapsed() > MOMENT {
                return Err(StoreError::InUse(name.to_owned()));
            }
        } else {
            shared = None;
            let is_new = alone.is_none();
            let since: Instant = *alone.get_or_insert_with(Instant::now);
            match others {
                Others::WaitFor(say) if is_new => say(),
                Others::Refuse if since.elapsed() > MOMENT => {
                    return Err(StoreError::BeingMade(name.to_owned()));
                }
                Others::WaitFor(_) | Others::Refuse => {}
            }
        }
        if cancel.is_raised() {
            return Err(StoreError::Cancelled);
        }
        std::thread::sleep(LOOK);
    }
}

type Fail<'a> = Box<dyn Fn(&'static str, std::io::Error) -> StoreError + 'a>;

fn open(path: &Path) -> Result<(File, Fail<'_>), StoreError> {
    let fail = |what, source| StoreError::Io {
        path: path.to_owned(),
        what,
        source,
    };
    let file = File::create(path).map_err(|source| fail("cannot make", source))?;
    Ok((file, Box::new(fail)))
}

fn claimed(name: &str, file: File) -> ExclusiveLock {
    ExclusiveLock {
        name: name.to_owned(),
        file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn runs_share_and_whoever_makes_the_channel_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let cancel = Cancel::default();
        let (one, two) = (hold("sid", &path).unwrap(), hold("sid", &path).unwrap());
        let refused = claim("sid", &path, &Others::WaitFor(&|| ()), &cancel).unwrap_err();
        assert!(matches!(refused, StoreError::InUse(name) if name == "sid"));
        drop((one, two));
        let alone = claim_at_once("sid", &path).unwrap();
        assert!(alone.is_some() && claim_at_once("sid", &path).unwrap().is_none());
        let refused = claim("sid", &path, &Others::Refuse, &cancel).unwrap_err();
        assert!(matches!(refused, StoreError::BeingMade(name) if name == "sid"));
        assert!(matches!(
            hold("sid", &path),
            Err(StoreError::BeingMade(name)) if name == "sid"
        ));
        drop(alone);
        assert!(hold("sid", &path).unwrap().is_some());
    }

    #[test]
    fn one_waits_for_another_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let (first, waited) = (claim_at_once("sid", &path).unwrap(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let say = || waited.store(true, Ordering::SeqCst);
                claim("sid", &path, &Others::WaitFor(&say), &Cancel::default())
            });
            while !waited.load(Ordering::SeqCst) {
                std::thread::sleep(LOOK);
            }
            assert!(!other.is_finished());
            drop(first);
            assert_eq!(other.join().unwrap().unwrap().name, "sid");
        });
    }

    #[test]
    fn waiting_ends_when_the_user_wants_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let _first = claim_at_once("sid", &path).unwrap();
        let cancel = Cancel::default();
        let say = || cancel.raise();
        let ended = claim("sid", &path, &Others::WaitFor(&say), &cancel);
        assert!(matches!(ended, Err(StoreError::Cancelled)));
    }
}
