use super::*;
use crate::channel::record::tests::record;

struct TestStore {
    _dir: tempfile::TempDir,
    store: Store,
    cancel: Cancel,
}

impl TestStore {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        store.prepare().unwrap();
        Self {
            _dir: dir,
            store,
            cancel: Cancel::default(),
        }
    }

    fn claim(&self, name: &str) -> ExclusiveLock {
        self.store.claim(name, &self.cancel, &|| ()).unwrap()
    }

    fn fill(&self, claim: &ExclusiveLock, text: &str) {
        let partial = self.store.partial(claim).unwrap();
        fs::create_dir_all(partial.join(ROOT)).unwrap();
        fs::write(partial.join(ROOT).join("tool"), text).unwrap();
    }

    fn publish(&self, claim: &ExclusiveLock, text: &str) -> InstalledChannel {
        self.fill(claim, text);
        let record = record(&claim.name);
        self.store.publish(claim, record, &self.cancel).unwrap()
    }
}

#[test]
fn what_is_not_published_is_no_channel() {
    let shelf = TestStore::new();
    let claim = shelf.claim("trixie");
    shelf.fill(&claim, "1");
    assert_eq!(shelf.store.open("trixie"), None);
    assert_eq!(shelf.store.names(), Vec::<String>::new());
    let published = shelf.publish(&claim, "1");
    assert_eq!(shelf.store.open("trixie"), Some(published));
    drop(claim);
    assert!(shelf.store.remove("trixie").unwrap());
    assert!(!shelf.store.remove("trixie").unwrap());
    assert_eq!(shelf.store.names(), Vec::<String>::new());
}

#[test]
fn what_is_left_is_cleared_away_and_what_is_being_made_is_not() {
    let shelf = TestStore::new();
    let left = shelf.claim("sid");
    shelf.fill(&left, "1");
    let partial = shelf.store.partial_of(&left);
    shelf.store.prepare().unwrap();
    assert!(partial.exists(), "somebody still makes it");
    drop(left);
    shelf.store.prepare().unwrap();
    assert!(!partial.exists());
}

#[test]
fn a_channel_is_replaced_in_one_step() {
    let shelf = TestStore::new();
    let claim = shelf.claim("sid");
    shelf.publish(&claim, "1");
    shelf.fill(&claim, "2");
    let read = || fs::read_to_string(shelf.store.open("sid").unwrap().root.join("tool"));
    assert_eq!(read().unwrap(), "1", "until the new one is whole");
    shelf.publish(&claim, "2");
    assert_eq!(read().unwrap(), "2");
    assert!(!shelf.store.old_of(&claim).exists());
}

#[test]
fn a_channel_that_is_held_is_neither_replaced_nor_removed() {
    let shelf = TestStore::new();
    shelf.publish(&shelf.claim("trixie"), "1");
    let hold = shelf.store.hold("trixie").unwrap();
    assert!(hold.is_some());
    let claimed = shelf.store.claim("trixie", &shelf.cancel, &|| ());
    assert!(matches!(claimed, Err(StoreError::InUse(_))));
    let refused = shelf.store.remove("trixie").unwrap_err().to_string();
    assert!(refused.contains("in use by another run"), "{refused}");
    assert!(shelf.store.open("trixie").is_some());
    drop(hold);
    assert!(shelf.store.remove("trixie").unwrap());
}

#[test]
fn a_channel_that_changed_is_told() {
    let shelf = TestStore::new();
    let channel = shelf.publish(&shelf.claim("sid"), "1");
    let verify = |channel| shelf.store.verify(channel, &shelf.cancel);
    let (files, difference) = verify(&channel).unwrap().unwrap();
    assert!(files == 1 && difference.is_whole());
    fs::write(channel.root.join("tool"), "2").unwrap();
    let (_, difference) = verify(&channel).unwrap().unwrap();
    assert_eq!(difference.changed, ["tool"]);
    let list = shelf.store.channel_dir("sid").join(FILES);
    fs::write(&list, "").unwrap();
    assert!(matches!(verify(&channel), Err(StoreError::Broken { .. })));
    let mut old = channel.clone();
    old.record.files = None;
    assert_eq!(verify(&old).unwrap(), None);
}

#[test]
fn what_is_broken_is_told_from_what_is_absent() {
    let shelf = TestStore::new();
    let channel = shelf.publish(&shelf.claim("sid"), "1");
    assert!(shelf.store.look("trixie").unwrap().is_none());
    let record = shelf.store.channel_dir("sid").join(RECORD);
    fs::write(&record, "{").unwrap();
    let broken = shelf.store.look("sid").unwrap_err().to_string();
    assert!(broken.contains("channel install sid"), "{broken}");
    fs::remove_file(&record).unwrap();
    assert!(shelf.store.look("sid").is_err());
    assert_eq!(shelf.store.names(), ["sid"], "so that it can be removed");
    assert!(shelf.store.remove("sid").unwrap() && !channel.root.exists());
}

#[test]
fn channels_are_listed_by_age() {
    let shelf = TestStore::new();
    for name in ["experimental", "bookworm", "zz", "sid", "bullseye"] {
        shelf.publish(&shelf.claim(name), "1");
    }
    let names = ["bullseye", "bookworm", "sid", "experimental", "zz"];
    assert_eq!(shelf.store.names(), names);
}

#[test]
fn archives_can_be_removed_unless_they_are_being_downloaded() {
    let shelf = TestStore::new();
    fs::write(shelf.store.archives().join("a.deb"), vec![1; 9000]).unwrap();
    let busy = File::create(shelf.store.downloads_lock()).unwrap();
    busy.lock().unwrap();
    assert!(shelf.store.remove_archives().is_err());
    drop(busy);
    assert!(shelf.store.remove_archives().unwrap() >= 9000);
    assert_eq!(shelf.store.remove_archives().unwrap(), 0);
}

#[test]
fn the_user_can_choose_where() {
    let store = |pairs: &'static [(&str, &str)]| {
        Store::of_user(move |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(
        store(&[("OCIPICK_CACHE", "/a"), ("HOME", "/b")]).dir(),
        Path::new("/a")
    );
    assert_eq!(
        store(&[("HOME", "/b")]).dir(),
        Path::new("/b/.cache/ocipick")
    );
    assert_eq!(store(&[]).dir(), Path::new("/var/cache/ocipick"));
}
