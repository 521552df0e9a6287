//! What is said of mistakes.

use super::{read, sample};
use std::fmt::Write as _;

/// Name of the snapshot, and a recipe with that mistake.
pub(super) const MISTAKES: &[(&str, &str)] = &[
    ("syntax", "title = \n"),
    ("syntax-duplicate-key", "why = 'a'\nwhy = 'b'\n"),
    ("unknown-key", "[children.a]\nplaform = \"linux/amd64\"\n"),
    ("unknown-key-far", "[index]\nmanifests = [\"a\"]\n"),
    ("unknown-key-top", "orgins = []\n"),
    ("missing-platform", "[children.a]\nformat = \"oci\"\n"),
    ("missing-entries", "[index]\nformat = \"oci\"\n"),
    ("wrong-type", "title = 1\n[index]\nentries = \"a\"\n"),
    ("wrong-type-in-list", "[index]\nentries = [\"a\", 2]\n"),
    (
        "bad-choice",
        "[index]\nformat = \"dcoker\"\nentries = [\"a\"]\n",
    ),
    (
        "bad-choice-far",
        "[children.a]\nkind = \"picture\"\nplatform = false\n",
    ),
    (
        "beside-text",
        "[index]\ntext = '${a.digest}'\nbody-type = \"x/y\"\nentries = []\n",
    ),
    (
        "beside-platforms",
        "platform = \"linux/amd64\"\nplatforms = [\"linux/amd64\"]\n",
    ),
    (
        "ask-twice",
        "platforms = [\"linux/amd64\", \"default\", \"default\"]\n",
    ),
    ("ask-nothing", "platforms = []\n"),
    ("bad-ask", "platforms = [\"linux/amd64\", \"defualt\"]\n"),
    (
        "not-asked",
        "platforms = [\"linux/amd64\", \"default\"]\n[[clauses]]\nid = \"image-spec/image-index/platform-first-match\"\n\
         satisfied-by = { \"linux/amd64\" = [\"picks a\"], \"defualt\" = [\"picks b\"] }\n",
    ),
    ("bad-platform", "platform = \"amd64\"\n"),
    (
        "bad-platform-of-child",
        "[children.a]\nplatform = \"linux\"\n",
    ),
    (
        "bad-platform-of-entry",
        "[entries.a]\nplatform = \"linux/amd64/v1/x\"\n",
    ),
    (
        "bad-origin",
        "origins = [\"https://example.com/issue/1\"]\n",
    ),
    ("bad-size", "[entries.a]\nsize = \"large\"\n"),
    (
        "bad-number",
        "[entries.a]\nsize = 999999999999999999999999999999999999999999\n",
    ),
    (
        "bad-name",
        "[children.'a.b']\nplatform = false\n[index]\nentries = [\"a.b\"]\n",
    ),
    (
        "name-taken",
        "[children.a]\nplatform = false\n[indexes.a]\nentries = []\n",
    ),
    (
        "entry-undefined",
        "[children.first]\nplatform = false\n[index]\nentries = [\"frist\"]\n",
    ),
    (
        "target-undefined",
        "[entries.odd]\nof = \"other\"\n[index]\nentries = [\"odd\"]\n",
    ),
    (
        "target-undefined-by-default",
        "[entries.odd]\nsize = 1\n[index]\nentries = [\"odd\"]\n",
    ),
    (
        "picks-undefined",
        "[[clauses]]\nid = \"image-spec/image-index/platform-first-match\"\nsatisfied-by = [\"picks b\"]\n",
    ),
    (
        "picks-unreachable",
        "[[clauses]]\nid = \"image-spec/image-index/platform-first-match\"\nsatisfied-by = [\"picks b\"]\n\
         [children.a]\nplatform = false\n[children.b]\nplatform = false\n",
    ),
    (
        "bad-expectation",
        "[[clauses]]\nid = \"image-spec/image-index/platform-first-match\"\nsatisfied-by = [\"pick a\"]\n",
    ),
    (
        "bad-reason",
        "[[clauses]]\nid = \"image-spec/image-index/platform-first-match\"\nsatisfied-by = [\"refuses other\"]\n\
         breached-by = [\"mediatype\"]\n",
    ),
    (
        "breached-and-never-satisfied",
        "[[clauses]]\nid = \"image-spec/image-index/platform-first-match\"\nbreached-by = [\"media-type\"]\n",
    ),
    (
        "demand-unknown",
        "[[clauses]]\nid = \"image-spec/image-index/child-mt-unknown\"\nearlier = { ignore = [\"picks b\"] }\n",
    ),
    (
        "clause-unknown",
        "[[clauses]]\nid = \"image-spec/image-index/platform-first-mach\"\n",
    ),
    (
        "unused",
        "[children.a]\nplatform = false\n[children.b]\nplatform = false\n",
    ),
    (
        "unused-entry",
        "[entries.a]\nsize = 1\n[entries.odd]\nof = \"a\"\nsize = 1\n",
    ),
    (
        "cycle",
        "[indexes.x]\nentries = [\"y\"]\n[indexes.y]\ntext = '${x.digest}'\n[index]\nentries = [\"x\", \"a\"]\n",
    ),
    (
        "placeholder-undefined",
        "[index]\ntext = '''\n{\n  \"x\": \"${b.digest}\", ${a.size}'''\n",
    ),
    ("placeholder-property", "[index]\ntext = 'x ${a.diggest}'\n"),
    ("placeholder-without-property", "[index]\ntext = 'x ${a}'\n"),
    (
        "placeholder-byte",
        "[index]\ntext = 'x ${byte:f} ${a.size}'\n",
    ),
    (
        "placeholder-unclosed",
        "[index]\ntext = '${a.size} ${a.digest'\n",
    ),
    (
        "placeholder-byte-in-text",
        "[entries.a]\ndigest = \"${byte:ff}\"\n",
    ),
    ("placeholder-not-here", "title = \"About ${a.digest}\"\n"),
    (
        "axis-key",
        "title = \"It is ${x.word}\"\n[[axes]]\nname = \"x\"\nvalues.one = { words = \"one\" }\n",
    ),
    (
        "axis-value-not-text",
        "title = \"It is ${x}.\"\n[[axes]]\nname = \"x\"\nvalues.one = { words = \"one\" }\n",
    ),
    ("axis-empty", "[[axes]]\nname = \"x\"\nvalues = []\n"),
    (
        "axis-unused",
        "[[axes]]\nname = \"x\"\nvalues = [\"one\", \"two\"]\n",
    ),
    (
        "duplicate-expansion",
        "name = \"same\"\ntitle = \"${x}\"\n[[axes]]\nname = \"x\"\nvalues = [\"one\", \"two\"]\n",
    ),
    ("bad-id", "name = \"Same_Name\"\n"),
    (
        "except-unknown-value",
        "title = \"${x}\"\nexcept = [{ x = \"tow\" }]\n[[axes]]\nname = \"x\"\nvalues = [\"one\", \"two\"]\n",
    ),
    (
        "except-everything",
        "title = \"${x}\"\nexcept = [{ x = \"one\" }]\n[[axes]]\nname = \"x\"\nvalues = [\"one\"]\n",
    ),
    (
        "except-nothing",
        "title = \"${x}\"\nexcept = [{ x = \"one\" }, { x = \"one\" }]\n[[axes]]\nname = \"x\"\nvalues = [\"one\", \"two\"]\n",
    ),
    (
        "entries-of-wrong-type",
        "[index]\nentries = [{ times = 2 }, { of = \"a\", times = 0 }, { of = \"b\", tims = 2 }]\n",
    ),
    (
        "times-too-many",
        "[index]\nentries = [{ of = \"a\", times = 100001 }]\n",
    ),
    (
        "schema-version",
        "[index]\nentries = [\"a\"]\nschema-version = 2.5\n",
    ),
    (
        "subject-undefined",
        "[index]\nentries = [\"a\"]\nsubject = \"b\"\n",
    ),
    (
        "subject-cycle",
        "[children.a]\nplatform = false\nsubject = \"b\"\n[children.b]\nplatform = false\nextra = { x = \"${a.digest}\" }\n",
    ),
    (
        "subject-of-itself",
        "[children.a]\nplatform = false\nsubject = \"a\"\n",
    ),
    (
        "extra-wrong",
        "[entries.a]\nextra = \"x\"\nurls = \"x\"\ndata = 1\n",
    ),
    (
        "extra-placeholder",
        "[entries.a]\nextra = { x = [\"${b.digest}\"] }\nurls = [1, \"${a.x}\"]\n",
    ),
    (
        "beside-text-of-child",
        "[children.a]\nplatform = false\ntext = '{}'\nlayer-type = \"x/y\"\nsubject = \"a\"\nextra = {}\n",
    ),
    (
        "beside-text-more",
        "[index]\ntext = '${a.digest}'\nsubject = \"a\"\nartifact-type = \"x\"\nschema-version = 1\nextra = {}\n",
    ),
    (
        "self-elsewhere",
        "[index]\ntext = '${self.config.digest} ${a.size}'\n",
    ),
    (
        "self-itself",
        "[children.a]\nplatform = false\ntext = '${self.digest}'\n",
    ),
    (
        "self-property",
        "[children.a]\nplatform = false\ntext = '${self.config.diggest} ${a.layer}'\n",
    ),
    (
        "self-taken",
        "[children.self]\nplatform = false\n[indexes.index]\nentries = []\n[index]\nentries = [\"self\", \"index\"]\n",
    ),
    (
        "padding",
        "[index]\ntext = '${a.size}${pad:x}${pad:99999999999}'\n",
    ),
    (
        "repetition",
        "[index]\ntext = '${a.size}${repeat:3}${repeat:x:a}${repeat:99999999:a#}'\n",
    ),
    (
        "algorithm",
        "[children.a]\nplatform = false\nalgorithm = \"sha521\"\n",
    ),
    (
        "algorithm-of-index",
        "[index]\nalgorithm = \"sha512\"\nentries = [\"a\"]\n",
    ),
    (
        "compression",
        "[children.a]\nplatform = false\ncompression = \"brotli\"\n",
    ),
    (
        "compression-of-artifact",
        "[children.a]\nkind = \"artifact\"\ncompression = \"zstd\"\n",
    ),
    ("operations", "operations = [\"imprt\"]\n"),
    ("operations-none", "operations = []\n"),
    (
        "layout",
        "[layout]\nrefs = [{ of = \"b\" }, { name = \"x\" }, 1]\n",
    ),
    ("layout-without", "[layout]\n"),
    ("alias-bad", "aliases = [\"old\", \"samples/${x}\"]\n"),
    ("fault-without-target", "[[faults]]\nstatus = 500\n"),
    ("fault-nothing", "[[faults]]\non = \"a\"\ntimes = 1\n"),
    ("fault-undefined", "[[faults]]\non = \"b\"\nstatus = 500\n"),
    (
        "fault-key",
        "[[faults]]\non = \"a\"\nstatsu = 500\ncut = 1\n",
    ),
    (
        "fault-part",
        "[[faults]]\non = \"index\"\npart = \"layer\"\nstatus = 500\n",
    ),
    (
        "fault-part-word",
        "[[faults]]\non = \"a\"\npart = \"layr\"\nstatus = 500\n",
    ),
    (
        "fault-methods",
        "[[faults]]\non = \"a\"\nmethods = [\"PUT\"]\nstatus = 500\n[[faults]]\non = \"a\"\nmethods = []\nstatus = 500\n",
    ),
    (
        "fault-numbers",
        "[[faults]]\non = \"a\"\nstatus = 99\ntimes = 0\ncut = -1\ndelay-ms = 600001\n",
    ),
    (
        "fault-without-status",
        "[[faults]]\non = \"a\"\nheaders = { A = \"b\" }\nbody = \"x\"\ncut = 0\n",
    ),
    (
        "fault-two-bodies",
        "[[faults]]\non = \"a\"\nstatus = 200\nbody = \"x\"\nbytes-of = \"index\"\n",
    ),
    (
        "fault-bytes-of-itself",
        "[[faults]]\non = \"a\"\nbytes-of = \"a\"\n",
    ),
    (
        "fault-bytes-of-refusal",
        "[[faults]]\non = \"a\"\nbytes-of = \"b\"\nstatus = 404\n[children.a]\nplatform = false\n[children.b]\nplatform = false\n",
    ),
    (
        "fault-head",
        "[[faults]]\non = \"a\"\nmethods = [\"HEAD\"]\ncut = 1\n",
    ),
    (
        "fault-no-content",
        "[[faults]]\non = \"a\"\nstatus = 204\nbody = \"x\"\n",
    ),
    (
        "fault-late-cut",
        "[[faults]]\non = \"a\"\ncut = 100000\n[[faults]]\non = \"a\"\nstatus = 500\nbody = \"abc\"\ncut = 3\n",
    ),
    (
        "fault-cut-of-refusal",
        "[[faults]]\non = \"a\"\nstatus = 500\ncut = 1\n",
    ),
    (
        "fault-headers",
        "[[faults]]\non = \"a\"\nstatus = 200\nheaders = { \"Content-Type\" = \"x\", \"a b\" = \"x\" }\n",
    ),
    (
        "fault-header-lines",
        "[[faults]]\non = \"a\"\ndigest-header = \"a\\nb\"\ncontent-type = true\ncontent-length = true\n",
    ),
    (
        "fault-shadowed",
        "[[faults]]\non = \"a\"\nstatus = 500\n[[faults]]\non = \"a\"\nmethods = [\"GET\"]\ncut = 1\n",
    ),
    (
        "fault-unserved",
        "[[faults]]\non = \"a\"\nstatus = 500\n[children.a]\nplatform = false\nserved = false\n",
    ),
    (
        "several",
        "origins = [\"x\"]\n[children.a]\nplatform = \"linux\"\n[index]\nentries = [\"b\", \"c\"]\n",
    ),
];

#[test]
fn mistakes_are_reported_with_place_and_hint() {
    for (name, text) in MISTAKES {
        let text = sample(text);
        let mistakes = read(&text).expect_err(name);
        let mut shown = text.clone();
        for mistake in &mistakes {
            let message = mistake.to_string();
            assert!(message.contains("(hint: "), "{name}: {message}");
            write!(shown, "\n>>> {message}").unwrap();
        }
        insta::assert_snapshot!(format!("mistake-{name}"), shown);
    }
}

#[test]
fn a_mistake_in_an_axis_is_reported_once() {
    let text = sample(
        "title = \"${x}\"\n[[axes]]\nname = \"x\"\nvalues = [\"one\", \"two\"]\n[index]\nentries = [\"b\"]\n",
    );
    assert_eq!(read(&text).unwrap_err().len(), 1);
}
