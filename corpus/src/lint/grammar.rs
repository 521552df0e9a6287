//! What the specifications say of texts: digests, media types, addresses, embedded content, names.

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};

/// Algorithm and value of a digest, where it follows the grammar.
pub(super) fn digest(text: &str) -> Option<(&str, &str)> {
    let (algorithm, encoded) = text.split_once(':')?;
    let is_component = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !part.is_empty() && part.bytes().all(plain)
    };
    let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'_' | b'-');
    let right = algorithm.split(['+', '.', '_', '-']).all(is_component)
        && !encoded.is_empty()
        && encoded.bytes().all(is_encoded);
    right.then_some((algorithm, encoded))
}

/// Whether a text is so many hexadecimal digits in lower case.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    text.len() == digits && text.bytes().all(is_digit)
}

/// Whether a text is a media type by RFC 6838, section 4.2: two names and nothing more.
pub(super) fn is_media_type(text: &str) -> bool {
    const LONGEST: usize = 127;
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        name.len() <= LONGEST
            && bytes
                .next()
                .is_some_and(|first| first.is_ascii_alphanumeric())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/')
        .is_some_and(|(family, name)| is_name(family) && is_name(name))
}

/// The scheme of an address, where it has one and consists of the characters of RFC 3986.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let mut letters = scheme.bytes();
    let right = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .into_iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            other => other.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&other),
        };
        if !fine {
            return None;
        }
    }
    right.then_some(scheme)
}

/// Bits that are left over at the end may be anything: the specification does not say what they are.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The bytes of a text in base64 (RFC 4648, section 4), padding and all.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// Whether a text is the name of a reference by the grammar of `annotations.md`.
pub(super) fn is_ref_name(text: &str) -> bool {
    text.split('/').all(|component| {
        // Between letters stands one separator, or two hyphens.
        let joined = component.replace("--", "-");
        joined
            .split(['-', '.', '_', ':', '@', '+'])
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    })
}

/// Whether Go has an operating system of this name (`GOOS`).
pub(super) fn is_goos(text: &str) -> bool {
    const NAMES: &[&str] = &[
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "illumos",
        "ios",
        "js",
        "linux",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
    ];
    NAMES.contains(&text)
}

/// Whether Go has an architecture of this name (`GOARCH`).
pub(super) fn is_goarch(text: &str) -> bool {
    const NAMES: &[&str] = &[
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
        "ppc64le", "riscv64", "s390x", "wasm",
    ];
    NAMES.contains(&text)
}

/// Whether the table of variants has this one; nothing for architectures that it does not have.
///
/// The table goes on where Go does, which is what its dots say.
pub(super) fn is_listed_variant(architecture: &str, variant: &str) -> Option<bool> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let after = |start: &str| variant.strip_prefix(start).unwrap_or_default();
    match architecture {
        "arm" => Some(matches!(variant, "v6" | "v7" | "v8")),
        "arm64" => {
            let (major, minor) = after("v").split_once('.').unwrap_or((after("v"), "0"));
            Some(matches!(major, "8" | "9") && number(minor))
        }
        "amd64" => Some(matches!(variant, "v1" | "v2" | "v3" | "v4")),
        "ppc64le" => Some(number(after("power"))),
        "riscv64" => {
            let profile = after("rva").strip_suffix("u64");
            Some(profile.is_some_and(number))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_follow_the_grammar() {
        for text in [
            "sha256:abc",
            "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
            "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
            "a.b_c-d:=",
        ] {
            assert!(digest(text).is_some(), "{text}");
        }
        for text in [
            "",
            "sha256",
            ":abc",
            "sha256:",
            "SHA256:abc",
            "a++b:c",
            "sha256:a/b",
            "a:b:c",
        ] {
            assert!(digest(text).is_none(), "{text}");
        }
        assert!(is_hex("0af", 3) && !is_hex("0AF", 3) && !is_hex("0af", 4));
    }

    #[test]
    fn media_types_are_two_names() {
        let long = format!("a/{}", "b".repeat(127));
        for text in ["application/vnd.oci.image.index.v1+json", "a/b", &long] {
            assert!(is_media_type(text), "{text}");
        }
        let longer = format!("a/{}", "b".repeat(128));
        for text in [
            "", "a", "a/", "/b", "a/b/c", "a/b; c=d", "a/ b", "a/.b", "a/ü", &longer,
        ] {
            assert!(!is_media_type(text), "{text}");
        }
    }

    #[test]
    fn addresses_have_a_scheme_and_plain_characters() {
        assert_eq!(scheme("https://example.com/a%20b?c#d"), Some("https"));
        assert_eq!(scheme("urn:x"), Some("urn"));
        for text in [
            "",
            "example.com/a",
            "/a",
            "1http://a",
            "http://a b",
            "http://a/%2",
            "http://ü",
        ] {
            assert_eq!(scheme(text), None, "{text}");
        }
    }

    #[test]
    fn base64_is_decoded_with_its_padding_only() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYmFy", "foobar"),
            ("e30=", "{}"),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for text in ["Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm-_", "Z g="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_references_follow_the_grammar() {
        for text in ["latest", "v1.0-vendor.0", "a/b:c@d", "a--b"] {
            assert!(is_ref_name(text), "{text}");
        }
        for text in ["", "a b", "-a", "a-", "a//b", "a---b", "a.-b", "ü"] {
            assert!(!is_ref_name(text), "{text}");
        }
    }

    #[test]
    fn variants_are_those_of_the_table() {
        for (architecture, variant, listed) in [
            ("arm", "v7", Some(true)),
            ("arm", "v5", Some(false)),
            ("arm64", "v8", Some(true)),
            ("arm64", "v9.2", Some(true)),
            ("arm64", "armv8", Some(false)),
            ("amd64", "v3", Some(true)),
            ("amd64", "v8", Some(false)),
            ("amd64", "", Some(false)),
            ("ppc64le", "power9", Some(true)),
            ("riscv64", "rva20u64", Some(true)),
            ("riscv64", "rva", Some(false)),
            ("s390x", "z13", None),
        ] {
            assert_eq!(
                is_listed_variant(architecture, variant),
                listed,
                "{variant}"
            );
        }
    }
}
