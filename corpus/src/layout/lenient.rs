//! Reads JSON as kindly as any tool might: odd letter case, repeated keys, trailing bytes.
//!
//! What is read here is only looked at, to find out what an index may lead to. What is served are
//! the bytes themselves.

use super::limit;
use crate::{
    fold::is_same_key,
    json::{Json, Members},
};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads the first JSON value of a document; nothing where there is none, or where it is larger than
/// any document that a tool reads.
pub(crate) fn read(bytes: &[u8]) -> Option<Json> {
    if bytes.len() as u64 > limit::DOCUMENT {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    Json::deserialize(&mut serde_json::Deserializer::from_str(text)).ok()
}

impl Json {
    /// Every value of a key, however its letters are cased: some decoders take the first,
    /// some the last, and some mind the case.
    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Self> {
        let members = self.members();
        let same = move |(name, value): &'a (String, Self)| is_same_key(name, key).then_some(value);
        members.iter().filter_map(same)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Obj(members) => members,
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Str(_)
            | Self::Arr(_)
            | Self::Times(..) => &[],
        }
    }

    /// Every item of every array under a key.
    pub(crate) fn items<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Self> {
        self.all(key).flat_map(|value| match value {
            Self::Arr(items) => items.as_slice(),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Str(_)
            | Self::Obj(_)
            | Self::Times(..) => &[],
        })
    }

    /// Every string under a key.
    pub(crate) fn texts<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(key).filter_map(Self::as_str)
    }

    /// The string, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Arr(_)
            | Self::Obj(_)
            | Self::Times(..) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Int(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::str(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Json::Arr(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Members::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Obj(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_odd_case_and_trailing_bytes_are_read() {
        let json =
            read(b"{\"digest\":\"a\",\"Digest\":\"b\",\"x\":[1,-2,0.5,null]} garbage").unwrap();
        assert_eq!(json.texts("digest").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(json.items("x").count(), 4);
        assert!(read(b"\xff").is_none());
    }

    #[test]
    fn keys_fold_as_go_folds_them() {
        let json = read("{\"manife\\u017ft\u{17f}\":[1],\"MANIFESTS\":[2]}".as_bytes()).unwrap();
        assert_eq!(json.items("manifests").count(), 2);
    }
}
