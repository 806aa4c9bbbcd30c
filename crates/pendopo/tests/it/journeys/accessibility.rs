//! axe-core's look at a page: no serious and no critical finding, light or dark.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use super::browser::Browser;

static AXE: LazyLock<String> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("target/npm/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask test` brings it", path.display()))
});

/// Runs every rule up to WCAG 2.2 AA and the best practices, and hands over what was found.
const LOOK: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document).then(
        (result) => done({checked: result.passes.length, violations: result.violations}),
        (error) => done({error: String(error)}),
    );";

impl Browser {
    /// Looks at the page in both schemes, and leaves it light.
    #[track_caller]
    pub(crate) fn must_be_accessible(&self) {
        for scheme in ["dark", "light"] {
            self.prefer(scheme);
            let found = self.look();
            assert!(
                found["checked"].as_u64() > Some(10),
                "axe-core checked too little: {found}"
            );
            let serious = serious(&found);
            assert!(
                serious.is_empty(),
                "{} ({scheme}):\n{}",
                self.path(),
                serious.join("\n")
            );
        }
    }

    fn look(&self) -> Value {
        if self.run("return typeof axe") == "undefined" {
            self.run(&AXE);
        }
        self.run_async(LOOK)
    }
}

/// Each serious finding: the rule, what it says, and where.
fn serious(found: &Value) -> Vec<String> {
    let violations = found["violations"]
        .as_array()
        .expect("axe-core lists its findings");
    let is_serious =
        |violation: &&Value| violation["impact"] == "serious" || violation["impact"] == "critical";
    let described = |violation: &Value| {
        let places: Vec<String> = violation["nodes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(place)
            .collect();
        format!(
            "{}: {}\n  {}",
            violation["id"],
            violation["help"],
            places.join("\n  ")
        )
    };
    violations
        .iter()
        .filter(is_serious)
        .map(described)
        .collect()
}

fn place(node: &Value) -> String {
    format!("{} {}", node["html"], node["failureSummary"])
}
