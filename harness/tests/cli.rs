//! The command line as a user meets it: bad input gets a clear message with its place, the
//! documented exit code, and nothing is lost.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/made.rs"]
mod made;
#[path = "support/schema.rs"]
mod schema;
#[path = "support/user.rs"]
mod user;

use ocipick_corpus::Corpus;
use std::{fs, path::Path};
use user::User;

const TWO: &str = "duplicates/two-entries";

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn help_documents_the_exit_codes() {
    let said = User::new().types(&["--help"]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("4  nothing was measured"), "{}", said.out);
}

#[test]
fn a_wrong_option_is_named() {
    let said = User::new().types(&["run", "--jbos", "2"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("--jbos") && said.err.contains("--jobs"),
        "{}",
        said.err
    );
}

#[test]
fn a_glob_that_matches_nothing_is_named_with_what_there_is() {
    let user = User::new();
    let said = user.types(&["run", "--case", "duplicatse/**"]);
    assert_eq!(said.code, 2);
    // The corpus grows; what is said of it stays.
    let (all, shown) = (Corpus::built_in().unwrap().cases().len(), 5);
    let rest = format!("and {} more", all - shown);
    assert!(said.err.contains(&rest), "{}", said.err);
    insta::assert_snapshot!(
        "glob-without-match",
        said.err.replace(&rest, "and the others")
    );
    let broken = user.types(&["run", "--case", "a{b"]);
    assert_eq!(broken.code, 2);
    assert!(broken.err.contains("--case a{b"), "{}", broken.err);
}

#[test]
fn an_unknown_channel_and_platform_are_named() {
    let user = User::new();
    let said = user.types(&["run", "--channel", "lenny"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("`lenny` is no release"), "{}", said.err);
    let said = user.types(&["run", "--channel", "trixie"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("ocipick channel install trixie"),
        "{}",
        said.err
    );
    let said = user.types(&["run", "--platform", "linux"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("os/architecture"), "{}", said.err);
}

#[test]
fn a_machine_without_tools_is_told_what_is_missing() {
    let user = User::new();
    let said = user.types(&["run", "--out", &text(&user.path("out"))]);
    assert_eq!(said.code, 4);
    for tool in ocipick_adapters::Tool::ALL {
        assert!(
            said.err.contains(&format!("missing: {tool} (path)")),
            "{}",
            said.err
        );
    }
    let said = user.types(&["runtimes"]);
    assert_eq!(said.code, 4);
    let count = format!("{} missing", ocipick_adapters::Tool::ALL.len());
    assert!(said.out.contains(&count), "{}", said.out);
}

#[test]
fn a_directory_without_layouts_is_named() {
    let user = User::new();
    user.write("corpus/notes.txt", "nothing here");
    let said = user.types(&["run", "--corpus", &text(&user.path("corpus"))]);
    assert_eq!(said.code, 2);
    insta::assert_snapshot!("corpus-without-layouts", said.err);
    let said = user.types(&["run", "--corpus", &text(&user.path("absent"))]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("~/absent"), "{}", said.err);
}

#[test]
fn a_broken_layout_is_named_with_line_and_column() {
    let user = User::new();
    user.write(
        "corpus/one/oci-layout",
        "{\"imageLayoutVersion\":\"1.0.0\"}",
    );
    user.write("corpus/one/index.json", "{\n  \"manifests\": [,]\n}\n");
    fs::create_dir_all(user.path("corpus/one/blobs/sha256")).unwrap();
    let said = user.types(&["run", "--corpus", &text(&user.path("corpus"))]);
    assert_eq!(said.code, 2);
    insta::assert_snapshot!("broken-layout", said.err);
}

#[test]
fn a_recipe_with_a_mistake_is_named_with_file_and_line() {
    let user = User::new();
    user.write(
        "recipes/odd/case.toml",
        "title = \"A\"\nwhy = \"B\"\nplatform = \"linux/amd64\"\n\n[children.a]\nplatfrom = \"linux/amd64\"\n\n[index]\nentries = [\"a\", \"b\"]\n",
    );
    let said = user.types(&["corpus", "check", &text(&user.path("recipes"))]);
    assert_eq!(said.code, 2);
    insta::assert_snapshot!("broken-recipe", said.err);
}

#[test]
fn output_that_cannot_be_written_is_named_before_anything_runs() {
    let user = User::new();
    let file = user.write("taken", "mine");
    // A tool must be there for the run to come so far.
    let bin = user.path("bin");
    fs::create_dir_all(&bin).unwrap();
    let tool = user.write("bin/skopeo", "#!/bin/sh\necho skopeo version 1.0.0\n");
    let mut permissions = fs::metadata(&tool).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&tool, permissions).unwrap();
    let said = user.types_where(&text(&bin), &["run", "--out", &text(&file)]);
    assert_eq!(said.code, 2, "{}", said.err);
    let words = "cannot write results to";
    assert!(said.err.contains(words), "{}", said.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_case_that_is_not_there_is_guessed_at() {
    let said = User::new().types(&["show", "two-entries"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("did you mean duplicates/two-entries"),
        "{}",
        said.err
    );
}

#[test]
fn a_case_is_shown_in_full() {
    let said = User::new().types(&["show", "duplicates/two-entries"]);
    assert_eq!(said.code, 0);
    insta::assert_snapshot!("show-two-entries", said.out);
}

#[test]
fn what_is_no_results_file_is_named() {
    let user = User::new();
    let file = user.write("results.jsonl", "{\"type\":\"header\"}\n");
    let said = user.types(&["report", &text(&file)]);
    assert_eq!(said.code, 2);
    insta::assert_snapshot!("no-results", said.err);
    let said = user.types(&["report", &text(&user.path("absent.jsonl"))]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("~/absent.jsonl"), "{}", said.err);
}

#[test]
fn layouts_of_the_corpus_read_back_as_a_corpus() {
    let user = User::new();
    let dir = text(&user.path("layouts"));
    let said = user.types(&["corpus", "build", &dir, "--case", "duplicates/wrong-size-*"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = user.types(&["corpus", "check", &dir]);
    assert_eq!(said.code, 0, "{}", said.err);
    insta::assert_snapshot!("check-layouts", said.out);
}

/// An index of one entry that is wrong in this way, as a recipe.
fn recipe(entry: &str) -> String {
    format!(
        "title = \"A\"\nwhy = \"B\"\nplatform = \"linux/amd64\"\n\n[children.a]\n\
         platform = \"linux/amd64\"\n\n[entries.e]\nof = \"a\"\n{entry}\n\n[index]\nentries = [\"e\"]\n"
    )
}

#[test]
fn recipes_and_layouts_are_checked_side_by_side() {
    let user = User::new();
    user.write("mixed/recipes/odd/good.toml", &recipe(""));
    user.write("mixed/recipes/odd/bad.toml", &recipe("size = false"));
    user.write("mixed/layouts/one/oci-layout", "{}");
    let dir = text(&user.path("mixed"));
    let said = user.types(&["corpus", "check", &dir]);
    assert_eq!(said.code, 2);
    insta::assert_snapshot!("check-mixed", format!("{}\n---\n{}", said.out, said.err));
    fs::remove_dir_all(user.path("mixed/layouts")).unwrap();
    let said = user.types(&["corpus", "check", &dir, "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    insta::assert_snapshot!("check-json", said.out);
    let said = user.types(&["corpus", "check", &dir, "--strict"]);
    assert_eq!(said.code, 3, "{}", said.err);
    user.write("mixed/recipes/odd/bad.toml", &recipe("size = \"+1\""));
    let said = user.types(&["corpus", "check", &dir, "--strict"]);
    assert_eq!(
        said.code, 0,
        "not to be trusted is not invalid: {}",
        said.out
    );
    let said = user.types(&["corpus", "check", &text(&user.path("absent"))]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("~/absent is no directory"),
        "{}",
        said.err
    );
    fs::create_dir(user.path("empty")).unwrap();
    let said = user.types(&["corpus", "check", &text(&user.path("empty"))]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("neither recipes nor OCI layouts"),
        "{}",
        said.err
    );
}

#[test]
fn cases_that_are_right_to_refuse_are_marked() {
    let user = User::new();
    let said = user.types(&["cases", "--case", "controls/*"]);
    assert!(!said.out.contains('['), "{}", said.out);
    let said = user.types(&["cases", "--case", "duplicates/wrong-size-oci-small"]);
    assert!(
        said.out.contains("too small  [not to be trusted]"),
        "{}",
        said.out
    );
    let said = user.types(&["show", "platform-absent/alone-os-only"]);
    let shown = "breaks image-spec/image-index/platform-arch-required (must): refusing it is right";
    assert!(said.out.contains(shown), "{}", said.out);
    let said = user.types(&["corpus", "check"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("platform-absent/alone-os-only"),
        "{}",
        said.out
    );
}

#[test]
fn every_command_is_completed_and_has_a_page() {
    let user = User::new();
    let dir = user.path("man1").to_string_lossy().into_owned();
    assert_eq!(user.types(&["man", &dir]).code, 0);
    let help = user.types(&["--help"]).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    let bash = user.types(&["completions", "bash"]).out;
    for command in commands {
        let page = format!("man1/ocipick-{command}.1");
        assert!(user.path(&page).exists(), "{page}");
        assert!(bash.contains(command), "{command}");
    }
    let page = fs::read_to_string(user.path("man1/ocipick-diff.1")).unwrap();
    assert!(page.contains("Exit codes"), "{page}");
    assert_eq!(user.types(&["completions", "tcsh"]).code, 2);
}

/// What is printed names a schema, which is published and permits it and nothing else.
fn printed(said: &str) -> serde_json::Value {
    let json: serde_json::Value =
        serde_json::from_str(said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let name = json["schema"].as_str().unwrap_or_default();
    let name = name
        .strip_prefix("ocipick.")
        .and_then(|name| name.strip_suffix("/1"))
        .unwrap_or_else(|| panic!("`{name}` is no schema"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let places = ["harness", "corpus", "reports"];
    let mut files = places
        .map(|of| root.join(format!("{of}/schema/{name}.schema.json")))
        .into_iter();
    let file = files.find(|file| file.exists());
    let schema = fs::read_to_string(file.unwrap_or_else(|| panic!("{name} has no schema")));
    schema::holds(&schema.unwrap(), &json);
    json
}

#[test]
fn json_is_as_its_published_schema_says() {
    let user = User::new();
    let of = |name: &str, child: &str| {
        let trial = made::trial("crane@0.20.7", TWO, made::picked(TWO, child));
        made::results(&user, name, &[trial])
    };
    let (first, second) = (of("first", "first"), of("second", "second"));
    let into = text(&user.path("baselines"));
    let dir = text(&user.path("layouts"));
    for args in [
        &["runtimes", "--json", "--channel", "path"][..],
        &["cases", "--json", "--case", "controls/*"],
        &["show", TWO, "--json"],
        &["channel", "list", "--json"],
        &["channel", "remove", "--archives", "--json"],
        &["corpus", "build", &dir, "--case", "controls/*", "--json"],
        &["bless", &first, "--into", &into, "--json"],
        &["report", &first, "--json"],
        &["report", &first, "--format", "summary"],
        &["diff", &first, &second, "--json"],
    ] {
        printed(&user.types(args).out);
    }
    let changed = user.types(&["bless", &second, "--into", &into, "--json"]);
    let changed = printed(&changed.out);
    assert_eq!(
        changed["baselines"][0]["changed"][0]["now"],
        "picked second"
    );
    let recipes = user.path("recipes");
    user.write("recipes/odd/good.toml", &recipe(""));
    user.write("recipes/odd/bad.toml", &recipe("size = false"));
    printed(
        &user
            .types(&["corpus", "check", &text(&recipes), "--json"])
            .out,
    );
}

#[test]
fn json_shows_a_case_and_what_was_built() {
    let user = User::new();
    let said = user.types(&["show", "duplicates/two-entries", "--json"]);
    let case: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(case["children"][0]["name"], "first");
    let index = case["index"]["text"].as_str().unwrap();
    assert!(index.contains("\"manifests\""), "{index}");
    let dir = user.path("layouts").to_string_lossy().into_owned();
    let said = user.types(&[
        "corpus",
        "build",
        &dir,
        "--case",
        "controls/single-entry",
        "--json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["cases"], serde_json::json!(["controls/single-entry"]));
    assert_eq!(json["schema"], "ocipick.corpus-build/1");
}

#[test]
fn results_are_regular_files_of_bounded_size() {
    let user = User::new();
    let fifo = user.path("fifo/results.jsonl");
    fs::create_dir(user.path("fifo")).unwrap();
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let link = user.path("link.jsonl");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    for path in [&fifo, &link] {
        let said = user.types(&["report", &text(path)]);
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains("no regular file"), "{}", said.err);
    }
    // A recipe is no different.
    fs::create_dir_all(user.path("recipes/odd")).unwrap();
    let recipe = user.path("recipes/odd/one.toml");
    nix::unistd::mkfifo(&recipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let said = user.types(&["corpus", "check", &text(&user.path("recipes"))]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(said.err.contains("FIFO"), "{}", said.err);
    // A small file that unpacks to a line without an end.
    let bomb = ocipick_reports::publish::pack(&vec![b'x'; 80 << 20]);
    let path = user.path("bomb.jsonl.gz");
    fs::write(&path, bomb).unwrap();
    let said = user.types(&["report", &text(&path)]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("more than 64 MiB"), "{}", said.err);
    // A link to results is one that the user made.
    let trial = made::trial(
        "crane@0.20.7",
        "controls/single-entry",
        made::picked("controls/single-entry", "only"),
    );
    let dir = made::results(&user, "made", &[trial]);
    let link = user.path("to-results.jsonl");
    std::os::unix::fs::symlink(Path::new(&dir).join("results.jsonl"), &link).unwrap();
    assert_eq!(user.types(&["report", &text(&link)]).code, 0);
}

/// What `--check` finds in a checkout is found without one, and JUnit says the same.
#[test]
fn junit_holds_results_against_baselines_without_a_checkout() {
    let user = User::new();
    let of = |name: &str, child: &str| {
        let trial = made::trial("crane@0.20.7", TWO, made::picked(TWO, child));
        made::results(&user, name, &[trial])
    };
    let good = user.types(&["report", &of("good", "first"), "--format", "junit"]);
    assert_eq!(good.code, 0, "{}", good.err);
    assert!(
        good.err.contains("baselines that came with ocipick"),
        "{}",
        good.err
    );
    assert!(
        good.out.contains("tests=\"1\" failures=\"0\""),
        "{}",
        good.out
    );
    let bad = of("bad", "second");
    let said = user.types(&["report", &bad, "--format", "junit"]);
    assert!(said.out.contains("failures=\"1\""), "{}", said.out);
    assert!(said.out.contains("--out ~/bad/again"), "{}", said.out);
    let empty = text(&user.path("none"));
    let said = user.types(&["report", &bad, "--format", "junit", "--baselines", &empty]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("holds no baselines"), "{}", said.err);
}

/// What a results file, a layout or a registry holds can reach an error message.
#[test]
fn error_messages_are_cleaned_of_terminal_sequences_and_bidi_characters() {
    let user = User::new();
    let trial = made::trial(
        "crane@0.20.7",
        "controls/single-entry",
        made::picked("controls/single-entry", "only"),
    );
    let dir = made::results(&user, "evil", &[trial]);
    let file = Path::new(&dir).join("results.jsonl");
    let evil = "\"state\":\"\\u001b]0;pwned\\u0007\\u202eevil\\u009b2J\"";
    let written = fs::read_to_string(&file).unwrap();
    let changed = written.replace("\"state\":\"not-looked\"", evil);
    assert_ne!(written, changed);
    fs::write(&file, changed).unwrap();
    let said = user.types(&["report", &dir]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("evil"), "{}", said.err);
    let is_clean = |text: &str| {
        !text
            .chars()
            .any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c))
    };
    assert!(is_clean(&said.err), "{:?}", said.err);

    // A name and a document of a layout that somebody else wrote.
    user.write("img/one/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    user.write("img/one/index.json", "{\"\u{1b}[2J\u{202e}\": [,]}");
    let img = user.path("img").to_string_lossy().into_owned();
    for args in [&["cases", "--corpus", &img][..], &["corpus", "check", &img]] {
        let said = user.types(args);
        assert!(is_clean(&said.err), "{:?}", said.err);
        assert!(is_clean(&said.out), "{:?}", said.out);
    }
}

/// A build of one's own is measured as what it is: a copy, under a label, with its hash.
#[test]
fn a_binary_of_the_users_own_is_measured_under_its_label() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = User::new();
    let script =
        "#!/bin/sh\n[ \"$1\" = version ] && { echo v1.2.3-dev; exit; }\necho no >&2\nexit 1\n";
    let build = user.write("build/crane-dev", script);
    fs::set_permissions(&build, fs::Permissions::from_mode(0o755)).unwrap();
    let own = format!("crane:fix={}", build.display());
    let out = user.path("out").to_string_lossy().into_owned();
    let run = ["run", "--tool", &own, "--case", "controls/*", "--out", &out];
    let said = user.types(&run);
    // It pulls nothing, so it fails its controls.
    assert_eq!(said.code, 4, "{}", said.err);
    let results = ocipick_records::Results::read(&user.path("out/results.jsonl")).unwrap();
    let [runtime] = results.header.runtimes.as_slice() else {
        panic!("{:?}", results.header.runtimes)
    };
    assert_eq!(runtime.id, "crane@1.2.3-dev#fix");
    let provenance = &runtime.provenance;
    assert_eq!(provenance.provider.as_deref(), Some("binary"));
    assert_eq!(provenance.binaries["client"], build.to_string_lossy());
    assert_eq!(provenance.sha256["client"].len(), 64);
    assert!(provenance.distribution.is_none() && provenance.packages.is_empty());
    for (tool, words) in [
        ("crane=", "says no path"),
        ("krane=./x", "is no tool that ocipick drives"),
        ("crane:sid=./x", "is no label"),
    ] {
        let said = user.types(&["run", "--tool", tool]);
        assert_eq!(said.code, 2, "{tool}: {}", said.err);
        assert!(said.err.contains(words), "{}", said.err);
    }
    let twice = user.types(&["run", "--tool", &own, "--tool", &own]);
    assert_eq!(twice.code, 2, "{}", twice.err);
    assert!(
        twice.err.contains("two binaries of crane are called `fix`"),
        "{}",
        twice.err
    );
}
