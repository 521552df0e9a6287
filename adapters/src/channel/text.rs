//! What is wrong, in the words of apt, the bootstrapper and the hooks.

use crate::process::Ran;
use ocipick_records::Exit;

/// Since when apt takes the metadata for past its date, in its words.
pub(super) fn expired_since(stderr: &str) -> Option<String> {
    let line = stderr
        .lines()
        .find(|line| line.contains("is expired (invalid since"))?;
    let from = line.find("invalid since")?;
    let to = line[from..].find(')')? + from;
    Some(line[from..to].to_owned())
}

/// Whether apt says that the archive does not have this package.
pub(super) fn lacks_package(words: &str, package: &str) -> bool {
    words.contains(&format!("Unable to locate package {package}"))
        || words.contains(&format!(
            "Package '{package}' has no installation candidate"
        ))
}

/// What is wrong, in the words of apt, the bootstrapper and the hooks.
pub(super) fn words_of(ran: &Ran) -> String {
    match ran.exit {
        Exit::Deadline => "it did not end within 45 minutes".to_owned(),
        Exit::Signal(signal) => format!("it died of signal {signal}"),
        Exit::Code(_) | Exit::OutputLimit => errors_of(&ran.stderr()),
    }
}

/// The lines that say what is wrong. That a hook failed says less than what the hook said.
fn errors_of(stderr: &str) -> String {
    const FOLLOWS: [&str; 3] = [
        "E: command failed: ",
        "E: setup failed: ",
        "E: mmdebstrap failed to run",
    ];
    let all = || {
        stderr
            .lines()
            .filter(|line| line.starts_with("E:") || line.contains("No space left"))
    };
    let mut errors: Vec<&str> = all()
        .filter(|line| !FOLLOWS.iter().any(|follows| line.starts_with(follows)))
        .take(4)
        .collect();
    if errors.is_empty() {
        errors = all().take(1).collect();
    }
    if errors.is_empty() {
        errors = stderr.lines().last().into_iter().collect();
    }
    without_hosts(&errors.join("; "))
}

/// Which mirror a machine uses is its own affair, and is not repeated.
pub(super) fn without_hosts(words: &str) -> String {
    words
        .split_inclusive(char::is_whitespace)
        .map(|word| match word.find("://") {
            Some(at) => {
                let end = word[at + 3..]
                    .find('/')
                    .map_or(word.trim_end().len(), |end| at + 3 + end);
                format!("{}://(mirror){}", &word[..at], &word[end..])
            }
            None => word.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expired_metadata_is_recognised_in_apts_words() {
        let words = "E: Release file for http://mirror.test/debian/dists/sid/InRelease is expired \
                     (invalid since 14d 23h 49min 4s). Updates for this repository will not be applied.";
        assert_eq!(
            expired_since(words).unwrap(),
            "invalid since 14d 23h 49min 4s"
        );
        assert_eq!(expired_since("E: Unable to locate package crane"), None);
    }

    #[test]
    fn mirrors_are_not_named() {
        assert_eq!(
            without_hosts("E: Failed to fetch http://mirror.test/debian/x.deb 404\nE: again"),
            "E: Failed to fetch http://(mirror)/debian/x.deb 404\nE: again"
        );
        assert_eq!(
            without_hosts("see https://mirror.test"),
            "see https://(mirror)"
        );
    }

    #[test]
    fn a_package_that_is_not_there_is_no_other_failure() {
        assert!(lacks_package("E: Unable to locate package crane", "crane"));
        assert!(!lacks_package(
            "E: Unable to locate package crane",
            "podman"
        ));
        assert!(!lacks_package(
            "E: You don't have enough free space",
            "crane"
        ));
    }

    #[test]
    fn the_cause_is_named_and_not_what_follows_from_it() {
        let stderr = "I: running\nE: not what its archive holds: usr/bin/tool: FAILED\n\
                      E: setup failed: E: command failed: sh\nE: mmdebstrap failed to run\n";
        assert_eq!(
            errors_of(stderr),
            "E: not what its archive holds: usr/bin/tool: FAILED"
        );
        assert_eq!(
            errors_of("I: running\nE: mmdebstrap failed to run\n"),
            "E: mmdebstrap failed to run"
        );
        assert_eq!(errors_of("perl: what\n"), "perl: what");
    }
}
