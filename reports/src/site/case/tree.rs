//! The index as a tree of entries, each with who takes it.

use super::json::Json;
use crate::{
    render::cell::CellStyle,
    site::{group::VersionGroup, wording},
};
use ocipick_corpus::{Case, Child};
use serde::Serialize;

/// How many entries of one list are shown.
const ENTRIES: usize = 40;
/// How deep nested indexes are followed.
const DEPTH: usize = 12;
/// How many entries are shown in all: an index can hold itself many times over.
const ALL: usize = 400;
/// How many characters of a value are shown.
const VALUE: usize = 160;

/// Who does something with a child.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) tone: CellStyle,
    /// Words before the names: `picked by`.
    pub(super) words: &'static str,
    pub(super) crowds: Vec<VersionGroup>,
    /// What was asked, where the case asks for several things.
    pub(super) asked: Vec<String>,
    /// The child.
    #[serde(skip)]
    pub(super) child: String,
}

/// The entries below one key of an index.
#[derive(Serialize)]
pub(super) struct ListView {
    /// Which one it is, where a document has several lists.
    second: Option<String>,
    entries: Vec<EntryView>,
    left_out: usize,
}

/// One entry of an index.
#[derive(Serialize)]
pub(super) struct EntryView {
    place: usize,
    /// Names the child, where the entry points at one.
    child: Option<String>,
    /// What the config of the child says of its platform, where that is something else.
    config_platform: Option<String>,
    served: bool,
    /// Whether other entries of its list point at the same child, so that nobody sees which of them
    /// a tool went by.
    shared: bool,
    facts: Vec<Fact>,
    marks: Vec<Mark>,
    lists: Vec<ListView>,
}

/// One member of an entry.
#[derive(Serialize)]
struct Fact {
    name: String,
    value: String,
}

/// The lists of entries of a case's index; nothing where it cannot be read as JSON that has any.
pub(super) fn lists(case: &Case, marks: &[Mark]) -> Vec<ListView> {
    let mut left = ALL;
    let mut lists = Json::parse(&case.index.bytes).map_or_else(Vec::new, |index| {
        below(case, &index, marks, DEPTH, &mut left)
    });
    lists.retain(|list| !list.entries.is_empty());
    lists
}

fn below(
    case: &Case,
    document: &Json,
    marks: &[Mark],
    depth: usize,
    left: &mut usize,
) -> Vec<ListView> {
    let several = document.all("manifests").count() > 1;
    let lists = document.all("manifests").enumerate();
    let lists = lists.filter_map(|(number, list)| match list {
        Json::List(items) => Some((number, items)),
        _ => None,
    });
    lists
        .map(|(number, items)| {
            let mut left_out = 0;
            let entries = items.iter().enumerate().filter_map(|(place, item)| {
                // Whoever is taken is shown however far back it stands.
                let taken = || {
                    let child = child(case, item);
                    child.is_some_and(|child| marks.iter().any(|mark| mark.child == child.name))
                };
                if *left == 0 || (place >= ENTRIES && !taken()) {
                    left_out += 1;
                    return None;
                }
                *left -= 1;
                let mut view = entry(case, place, item, marks, depth, left);
                let digest = item.get("digest");
                let same = items.iter().filter(|other| other.get("digest") == digest);
                view.shared = view.child.is_some() && same.count() > 1;
                Some(view)
            });
            let entries = entries.collect();
            ListView {
                second: several.then(|| format!("member “manifests”, number {}", number + 1)),
                entries,
                left_out,
            }
        })
        .collect()
}

fn entry(
    case: &Case,
    place: usize,
    item: &Json,
    marks: &[Mark],
    depth: usize,
    left: &mut usize,
) -> EntryView {
    let child = child(case, item);
    let digest = item.get("digest").and_then(Json::text);
    let nested = digest
        .filter(|_| child.is_none() && depth > 0)
        .and_then(|digest| {
            case.documents
                .iter()
                .find(|it| it.digest.as_str() == digest)
        })
        .and_then(|document| Json::parse(&document.bytes));
    let named = item.get("platform").map(platform);
    let config = child.and_then(|child| child.platform.as_ref());
    let config = config.map(ToString::to_string);
    EntryView {
        place,
        child: child.map(|child| wording::title(&child.name)),
        config_platform: config.filter(|config| named.as_ref() != Some(config)),
        served: child.is_none_or(|child| child.served),
        shared: false,
        facts: facts(item),
        marks: child.map_or_else(Vec::new, |child| {
            let marks = marks.iter().filter(|mark| mark.child == child.name);
            marks.cloned().collect()
        }),
        lists: nested.map_or_else(Vec::new, |nested| {
            below(case, &nested, marks, depth - 1, left)
        }),
    }
}

fn child<'c>(case: &'c Case, item: &Json) -> Option<&'c Child> {
    let digest = item.get("digest").and_then(Json::text)?;
    let mut children = case.children.iter();
    children.find(|child| child.has_digest(digest))
}

/// Every member of an entry, the platform first, because that is what tools choose by.
fn facts(item: &Json) -> Vec<Fact> {
    let Json::Object(members) = item else {
        return vec![Fact {
            name: "not an object".to_owned(),
            value: wording::title(&clip(&item.to_string())),
        }];
    };
    let mut facts: Vec<Fact> = members
        .iter()
        .map(|(name, value)| Fact {
            name: wording::title(name),
            value: match (name.as_str(), value) {
                ("platform", _) => platform(value),
                ("digest", Json::Text(digest)) => short(digest),
                (_, Json::Text(text)) => wording::title(&clip(text)),
                _ => wording::line(&clip(&value.to_string())),
            },
        })
        .collect();
    facts.sort_by_key(|fact| match fact.name.as_str() {
        "platform" => 0,
        "mediaType" => 1,
        "annotations" => 3,
        _ => 2,
    });
    if item.get("platform").is_none() {
        let fact = Fact {
            name: "platform".to_owned(),
            value: "(none)".to_owned(),
        };
        facts.insert(0, fact);
    }
    facts
}

/// `linux/arm64/v8`, with everything else that stands there behind it; as it is written where it
/// is no platform of the usual kind.
fn platform(value: &Json) -> String {
    let Json::Object(members) = value else {
        return wording::line(&clip(&value.to_string()));
    };
    let mut known: Vec<&str> = Vec::new();
    for name in ["os", "architecture", "variant"] {
        match value.all(name).collect::<Vec<_>>().as_slice() {
            [Json::Text(text)] if !text.is_empty() => known.push(text),
            [] if name == "variant" => {}
            _ => return wording::line(&clip(&value.to_string())),
        }
    }
    let others: Vec<String> = members
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "os" | "architecture" | "variant"))
        .map(|(name, value)| format!(", {name} {value}"))
        .collect();
    wording::line(&clip(&format!("{}{}", known.join("/"), others.concat())))
}

fn short(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() > 16 && hex.is_ascii() => {
            wording::title(&format!("{algorithm}:{}…", &hex[..12]))
        }
        _ => wording::title(digest),
    }
}

fn clip(text: &str) -> String {
    crate::text::clip(text, VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        platform(&Json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn platforms_of_the_usual_kind_are_read_and_others_shown_as_written() {
        assert_eq!(
            shown(r#"{"architecture":"arm","os":"linux","variant":"v7"}"#),
            "linux/arm/v7"
        );
        assert_eq!(
            shown(r#"{"architecture":"amd64","os":"windows","os.version":"10.0"}"#),
            "windows/amd64, os.version \"10.0\""
        );
        assert_eq!(shown("null"), "null");
        assert_eq!(shown(r#"{"os":"linux"}"#), r#"{"os": "linux"}"#);
        assert_eq!(
            shown(r#"{"os":"linux","os":"windows","architecture":"amd64"}"#),
            r#"{"os": "linux", "os": "windows", "architecture": "amd64"}"#
        );
    }
}
