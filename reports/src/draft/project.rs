//! Where a report about a tool goes, and what the project's template for reports asks for.
//!
//! The labels are those of the templates in the projects' repositories, and the contacts those of
//! their security policies, as they stood in November 2026. Whoever files looks at both again.
//!
//! podman and skopeo moved from `containers` to `podman-container-tools` before August 2026. The library that
//! chooses for both is in `podman-container-tools/container-libs`.

/// What is known of the project that makes a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its repository on GitHub.
    pub repository: &'static str,
    /// Where a vulnerability is told in private.
    pub security: &'static str,
    /// What reports look like; the project may have no template.
    pub form: &'static [Field],
    /// What the project's titles begin with.
    pub prefix: &'static str,
}

/// A field of a template: the label that the project gives it, and what belongs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// As the template has it.
    pub label: &'static str,
    /// What belongs there.
    pub asks: FieldKind,
}

/// What a field of a template asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// What the report is about.
    Description,
    /// Steps to reproduce it.
    Steps,
    /// What happens.
    Received,
    /// What was expected.
    Expected,
    /// Both in one field.
    ReceivedAndExpected,
    /// Versions, as far as they are known.
    Version,
    /// The output of a command that the person has to type.
    Output(&'static str),
    /// A choice of the template, with what holds for these trials.
    Choice(&'static str),
    /// Everything else: index, trace, peers, environment.
    More,
}

const fn field(label: &'static str, asks: FieldKind) -> Field {
    Field { label, asks }
}

const MOBY: Project = Project {
    repository: "moby/moby",
    security: "security@docker.com",
    prefix: "",
    form: &[
        field("Description", FieldKind::Description),
        field("Reproduce", FieldKind::Steps),
        field("Expected behavior", FieldKind::Expected),
        field("docker version", FieldKind::Version),
        field("docker info", FieldKind::Output("docker info")),
        field("Additional Info", FieldKind::More),
    ],
};

const PODMAN: Project = Project {
    repository: "podman-container-tools/podman",
    security: "security@lists.podman.io",
    prefix: "[Bug]: ",
    form: &[
        field("Issue Description", FieldKind::Description),
        field("Steps to reproduce the issue", FieldKind::Steps),
        field("Describe the results you received", FieldKind::Received),
        field("Describe the results you expected", FieldKind::Expected),
        field("podman info output", FieldKind::Output("podman info")),
        field(
            "Podman in a container",
            FieldKind::Choice("No, unless you reproduce it in one"),
        ),
        field(
            "Privileged Or Rootless",
            FieldKind::Choice("Privileged: the trials ran as root"),
        ),
        field(
            "Upstream Latest Release",
            FieldKind::Choice("say whether you tried it with the latest release"),
        ),
        field("Additional environment details", FieldKind::Version),
        field("Additional information", FieldKind::More),
    ],
};

/// There is no template; the repository shares its policies with podman.
const SKOPEO: Project = Project {
    repository: "podman-container-tools/skopeo",
    security: "security@lists.podman.io",
    prefix: "",
    form: PLAIN,
};

const CONTAINERD: Project = Project {
    repository: "containerd/containerd",
    security: "https://github.com/containerd/containerd/security/advisories (Report a vulnerability)",
    prefix: "",
    form: &[
        field("Description", FieldKind::Description),
        field("Steps to reproduce the issue", FieldKind::Steps),
        field(
            "Describe the results you received and expected",
            FieldKind::ReceivedAndExpected,
        ),
        field(
            "What version of containerd are you using?",
            FieldKind::Version,
        ),
        field("Any other relevant information", FieldKind::More),
        field(
            "Show configuration if it is related to CRI plugin.",
            FieldKind::Choice("It is not: the image was pulled with ctr"),
        ),
    ],
};

const CRANE: Project = Project {
    repository: "google/go-containerregistry",
    // The repository has no policy of its own that we know of; this is where its owner takes reports.
    security: "https://g.co/vulnz",
    prefix: "crane: ",
    form: &[
        field("Describe the bug", FieldKind::Description),
        field("To Reproduce", FieldKind::Steps),
        field("Expected behavior", FieldKind::Expected),
        field("Additional context", FieldKind::More),
        field("Output of `crane version`", FieldKind::Version),
        field(
            "Registry used (e.g., GCR, ECR, Quay)",
            FieldKind::Choice(
                "a local one that serves these bytes; any registry that takes them does",
            ),
        ),
    ],
};

const PLAIN: &[Field] = &[
    field("What happens", FieldKind::Description),
    field("How to reproduce it", FieldKind::Steps),
    field("What was expected", FieldKind::Expected),
    field("Version", FieldKind::Version),
    field("More", FieldKind::More),
];

impl Project {
    /// The project that makes a tool; none where it is not known.
    #[must_use]
    pub fn of(tool: &str) -> Option<Self> {
        match tool {
            "docker" => Some(MOBY),
            "podman" => Some(PODMAN),
            "skopeo" => Some(SKOPEO),
            "containerd" => Some(CONTAINERD),
            "crane" => Some(CRANE),
            _ => None,
        }
    }

    /// The fields for a tool of which no project is known.
    #[must_use]
    pub fn plain_form() -> &'static [Field] {
        PLAIN
    }
}
