//! Taking out what names the machine and the person that measured.

use ocipick_records::{Header, Private, Record, Results};
use serde_json::Value;

/// What stands in place of the private directory of a run.
const RUN: &str = "<run>";
const HOME: &str = "<home>";
const TMP: &str = "<tmp>";
/// How the name of the private directory of a run begins, wherever it lies.
const GROUND: &str = "/ocipick-";
/// Longer texts are cut at their beginning, and may begin in the middle of a path.
const CUT: usize = 3900;
/// Fewer characters of a path that was cut name nobody.
const TELLING: usize = 5;

/// Members that are identifiers of the corpus and of runtimes, or bytes that were seen, and no words.
const IDENTIFIERS: [&str; 16] = [
    "base",
    "case",
    "channel",
    "child",
    "children",
    "digest",
    "digests",
    "flavour",
    "id",
    "kind",
    "operation",
    "platform",
    "runtime",
    "schema",
    "tool",
    "type",
];

/// Names that machines are given by default, or that say nothing about a person.
const GENERIC: [&str; 12] = [
    "admin",
    "builder",
    "ci",
    "debian",
    "docker",
    "localhost",
    "nobody",
    "podman",
    "root",
    "runner",
    "ubuntu",
    "user",
];

/// Replaces paths and names of a machine by placeholders that are the same everywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Sanitizer {
    /// What is replaced, the longest first, and by what.
    paths: Vec<(String, String)>,
    names: Vec<(String, String)>,
}

impl Sanitizer {
    /// By what a run has recorded of its machine; without a record by the usual places alone.
    pub(super) fn of(header: &Header) -> Self {
        let Some(private) = &header.private else {
            return Self::default();
        };
        let mut paths: Vec<(String, String)> = Vec::new();
        for (what, dirs) in &private.directories {
            for dir in dirs {
                let dir = dir.trim_end_matches('/');
                // Nothing is told by the root, and everything begins with it.
                if dir.starts_with('/') && dir.len() > 1 {
                    paths.push((dir.to_owned(), format!("<{what}>")));
                }
            }
        }
        // As a client escapes the path of a socket in a URL.
        let escaped: Vec<(String, String)> = paths
            .iter()
            .flat_map(|(dir, put)| {
                ["%2F", "%2f"].map(|slash| (dir.replace('/', slash), put.clone()))
            })
            .collect();
        paths.extend(escaped);
        paths.sort_by(|one, other| (other.0.len(), &other.0).cmp(&(one.0.len(), &one.0)));
        let mut names: Vec<(String, String)> = private
            .names
            .iter()
            .flat_map(|(what, name)| {
                let what = what.split('-').next().unwrap_or(what);
                // Of a full name of a host the first part alone is one, too.
                let short = name.split('.').next().unwrap_or(name);
                [name.as_str(), short].map(|name| (name.to_owned(), format!("<{what}>")))
            })
            .filter(|(name, _)| name.len() > 1 && !GENERIC.contains(&name.as_str()))
            .collect();
        names.sort_by(|one, other| (other.0.len(), &other.0).cmp(&(one.0.len(), &one.0)));
        Self { paths, names }
    }

    /// Takes out of results what was recorded of the machine, and every trace of it.
    pub(super) fn clean(&self, results: &mut Results) {
        results.header.private = None;
        if let Record::Header(header) =
            self.record(Record::Header(Box::new(results.header.clone())))
        {
            results.header = *header;
        }
        for trial in results.trials.iter_mut().chain(&mut results.derived) {
            if let Record::Trial(cleaned) = self.record(Record::Trial(Box::new(trial.clone()))) {
                *trial = *cleaned;
            }
        }
    }

    /// Every text of a record, so that none can be forgotten.
    fn record(&self, record: Record) -> Record {
        let Ok(mut value) = serde_json::to_value(&record) else {
            return record;
        };
        self.value(&mut value);
        serde_json::from_value(value).unwrap_or(record)
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => {
                for (key, member) in members {
                    if !IDENTIFIERS.contains(&key.as_str()) {
                        self.value(member);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text without what names the machine.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (path, put) in &self.paths {
            text = replace_path(&text, path, put);
        }
        text = self.cut(text);
        for slash in ["/", "%2F", "%2f"] {
            text = replace_grounds(&text, &GROUND.replace('/', slash), slash);
            for (path, put, takes_name) in [
                ("/home", HOME, true),
                ("/Users", HOME, true),
                ("/root", HOME, false),
                ("/var/tmp", TMP, false),
                ("/tmp", TMP, false),
            ] {
                text = replace_usual(
                    &text,
                    &path.replace('/', slash),
                    put,
                    takes_name.then_some(slash),
                );
            }
        }
        for (name, put) in &self.names {
            text = replace_name(&text, name, put);
        }
        text
    }

    /// What is left of a path where a text was cut in the middle of it.
    fn cut(&self, text: String) -> String {
        let (body, mark) = match text.strip_suffix('…') {
            Some(body) => (body, "…"),
            None => (text.as_str(), ""),
        };
        for (path, put) in &self.paths {
            let ends = (TELLING..path.len())
                .rev()
                .filter_map(|end| path.get(..end))
                .find(|part| !mark.is_empty() && body.ends_with(part));
            if let Some(part) = ends {
                let kept = body.get(..body.len() - part.len()).unwrap_or_default();
                return format!("{kept}{put}{mark}");
            }
            let begins = (1..path.len().saturating_sub(TELLING))
                .filter_map(|begin| path.get(begin..))
                .find(|part| body.chars().count() > CUT && body.starts_with(part));
            if let Some(rest) = begins.and_then(|part| body.strip_prefix(part)) {
                return format!("{put}{rest}{mark}");
            }
        }
        text
    }
}

/// A text without what is in the usual private places.
pub(crate) fn without_private_directories(text: &str) -> String {
    Sanitizer::default().text(text)
}

/// What may stand in the name of a file, as far as it matters where one begins or ends.
fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '~' | '@')
}

/// Where a text is found, from left to right, in `text`, if `fits` says so of what is before and after.
fn replace_where(
    text: &str,
    wanted: &str,
    mut put: impl FnMut(&str, &str) -> Option<(String, usize)>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(wanted) {
        out.push_str(before);
        match put(&out, after) {
            Some((instead, taken)) => {
                out.push_str(&instead);
                rest = after.get(taken..).unwrap_or_default();
            }
            None => {
                out.push_str(wanted);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn ends_name(after: &str) -> bool {
    !after.starts_with(is_of_name)
}

/// Whether no name goes on into what follows. An escaped slash before it, as in `unix%3A%2F%2Froot`,
/// ends one as well.
fn begins_path(before: &str) -> bool {
    !before.ends_with(is_of_name)
        || ["%2F", "%2f", "%3A", "%3a"]
            .iter()
            .any(|it| before.ends_with(it))
}

fn replace_path(text: &str, path: &str, put: &str) -> String {
    replace_where(text, path, |before, after| {
        (ends_name(after) && begins_path(before) && !before.ends_with('>'))
            .then(|| (put.to_owned(), 0))
    })
}

/// A usual private place that nobody has recorded; of those with a name of a user below them the name
/// is taken as well.
fn replace_usual(text: &str, path: &str, put: &str, name_after: Option<&str>) -> String {
    replace_where(text, path, |before, after| {
        if !ends_name(after)
            || !begins_path(before)
            || before.ends_with('>')
            || before.ends_with('…')
        {
            return None;
        }
        let Some(slash) = name_after else {
            return Some((put.to_owned(), 0));
        };
        let name = after.strip_prefix(slash)?;
        let end = name.find(|c| !is_of_name(c)).unwrap_or(name.len());
        (end > 0).then(|| (put.to_owned(), slash.len() + end))
    })
}

/// The private directory of a run, with whatever it lies in.
fn replace_grounds(text: &str, ground: &str, slash: &str) -> String {
    let mut out = text.to_owned();
    let mut from = 0;
    while let Some(at) = out
        .get(from..)
        .and_then(|rest| rest.find(ground))
        .map(|at| from + at)
    {
        let after = out.get(at + ground.len()..).unwrap_or_default();
        let end = after
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(after.len());
        // Six characters by chance; a text that was cut has fewer. Words in lower case are words.
        let is_by_chance = after
            .get(..end)
            .is_some_and(|it| it.contains(|c: char| !c.is_ascii_lowercase()));
        if end > 6 || !is_by_chance {
            from = at + ground.len();
            continue;
        }
        let end = at + ground.len() + end;
        let begin = begin_of_path(out.get(..at).unwrap_or_default(), slash);
        out.replace_range(begin..end, RUN);
        from = begin + RUN.len();
    }
    out
}

/// Where the path begins that a text ends with.
fn begin_of_path(text: &str, slash: &str) -> usize {
    let mut begin = text.len();
    loop {
        let head = text.get(..begin).unwrap_or_default();
        let name = head.trim_end_matches(is_of_name);
        // `<tmp>` and its like are what a directory above has become.
        let name = match name.strip_suffix('>').and_then(|it| it.rfind('<')) {
            Some(at) => return at,
            None => name,
        };
        if slash != "/" {
            // Of what is escaped the letters of `%2F` look like those of a name.
            return match head.rfind(slash) {
                Some(at)
                    if head
                        .get(at + slash.len()..)
                        .is_some_and(|name| name.chars().all(is_of_name)) =>
                {
                    begin = at;
                    if at == 0 {
                        return 0;
                    }
                    continue;
                }
                Some(_) | None => begin,
            };
        }
        match name.strip_suffix(slash) {
            Some(above) => begin = above.len(),
            None => return begin,
        }
    }
}

fn replace_name(text: &str, name: &str, put: &str) -> String {
    replace_where(text, name, |before, after| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let is_escaped = ["%2F", "%2f"].iter().any(|it| before.ends_with(it));
        ((is_escaped || !before.ends_with(is_word))
            && !after.starts_with(is_word)
            && !before.ends_with('<'))
        .then(|| (put.to_owned(), 0))
    })
}

/// Places and names that stand in a text in spite of all, for tests.
#[must_use]
pub fn private_places(text: &str, private: &Private) -> Vec<String> {
    let recorded = private
        .directories
        .values()
        .flatten()
        .filter(|it| it.len() > 1);
    let names = private
        .names
        .values()
        .filter(|name| !GENERIC.contains(&name.as_str()));
    recorded
        .chain(names)
        .filter(|it| text.contains(it.as_str()))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn sanitizer() -> Sanitizer {
        let mut results = crate::made::results(Vec::new());
        let dirs = [
            ("run", "/srv/alice-secret/tmp/ocipick-Ab3dE9"),
            ("tmp", "/srv/alice-secret/tmp"),
            ("home", "/people/alice"),
            ("out", "/people/alice/results"),
        ];
        results.header.private = Some(Private {
            directories: dirs
                .map(|(what, dir)| (what.to_owned(), vec![dir.to_owned()]))
                .into(),
            names: BTreeMap::from([
                ("host".to_owned(), "wonder.example.org".to_owned()),
                ("user".to_owned(), "alice".to_owned()),
            ]),
        });
        Sanitizer::of(&results.header)
    }

    #[test]
    fn what_was_recorded_is_replaced_whole() {
        let sanitizer = sanitizer();
        for (text, clean) in [
            (
                "open /srv/alice-secret/tmp/ocipick-Ab3dE9/r0/x: no",
                "open <run>/r0/x: no",
            ),
            (
                "a \"/people/alice/results\", /people/alice:",
                "a \"<out>\", <home>:",
            ),
            ("unix:///people/alice/s", "unix://<home>/s"),
            ("http://%2Fpeople%2Falice%2Fs/v1", "http://<home>%2Fs/v1"),
            ("http://%2fpeople%2falice/v1", "http://<home>/v1"),
            (
                "by alice@wonder on wonder.example.org",
                "by <user>@<host> on <host>",
            ),
            ("malice and wonderful", "malice and wonderful"),
            ("/people/alicette stays", "/people/alicette stays"),
            // A run that goes on has another directory than the one that is recorded.
            ("/srv/alice-secret/tmp/ocipick-Zz9/a", "<run>/a"),
            ("/elsewhere/of/mine/ocipick-QwErTy/a", "<run>/a"),
            (
                "http://%2Felse%2Fwhere%2Focipick-QwErTy%2Fs",
                "http://<run>%2Fs",
            ),
            ("it ended in /srv/alice-sec…", "it ended in <run>…"),
        ] {
            assert_eq!(sanitizer.text(text), clean);
            assert_eq!(sanitizer.text(clean), clean, "twice");
        }
    }

    #[test]
    fn without_a_record_the_usual_places_are_known() {
        let sanitizer = Sanitizer::default();
        for (text, clean) in [
            (
                "open /tmp/ocipick-aB3x/r0/store: no; /tmp/ocipick-Z",
                "open <run>/r0/store: no; <run>",
            ),
            ("/root/tmpmounts/m1 /root", "<home>/tmpmounts/m1 <home>"),
            ("/home/alice/.docker /Users/bob", "<home>/.docker <home>"),
            ("/tmp/x and /var/tmp/y", "<tmp>/x and <tmp>/y"),
            ("http://%2Froot%2Fx%2Fs/v1", "http://<home>%2Fx%2Fs/v1"),
            // What is below something else is not ours, nor is what only begins like it.
            (
                "/var/lib/root/x /rootfs /tmpfs",
                "/var/lib/root/x /rootfs /tmpfs",
            ),
            ("/…/r0.0/root/tmpmounts/m1", "/…/r0.0/root/tmpmounts/m1"),
            (
                "ocipick-corpus and /ocipick/child",
                "ocipick-corpus and /ocipick/child",
            ),
            ("/a/ocipick-corpus/x", "/a/ocipick-corpus/x"),
        ] {
            assert_eq!(sanitizer.text(text), clean);
            assert_eq!(sanitizer.text(clean), clean, "twice");
        }
    }
}
