//! The stand-in for the compiler's image, as those who write Pendopo use it: its `cargo` runs this very chore, and
//! hands over the binary of the image instead of compiling.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Recipe, build};
use crate::deploy_test::engine::Engine;
use crate::deploy_test::image;

/// The chores look for the repository where they were compiled, which the container has elsewhere.
fn cargo(root: &Path) -> Result<String> {
    let parent = root.parent().context("the repository stands in a folder")?;
    let (root, parent) = (root.display(), parent.display());
    Ok(format!(
        "#!/bin/sh
case \"$*\" in
\"run --quiet --package xtask -- dev \"*)
    shift 5
    mkdir -p {parent} && ln -sfn /src {root} && exec /bin/xtask \"$@\" ;;
\"build -p pendopo\")
    # Both containers build into one volume.
    new=target/debug/.new-$HOSTNAME
    mkdir -p target/debug && cp /bin/pendopo $new && mv $new target/debug/pendopo ;;
*)
    echo \"cargo was not to be called with: $*\" && exit 1 ;;
esac
"
    ))
}

pub(in crate::deploy_test) fn compiler(root: &Path, engine: &Engine, tag: &str) -> Result<()> {
    // Also when another one was built in the place of this program meanwhile.
    let chores = Path::new("/proc")
        .join(std::process::id().to_string())
        .join("exe");
    let recipe = Recipe {
        tag,
        moved: vec![(chores, "/bin/xtask")],
        lines: format!("COPY --from={} /pendopo /bin/pendopo\n", image::name()),
        scripts: vec![("cargo", cargo(root)?)],
        ..Recipe::default()
    };
    build(root, engine, &recipe, "/src")
}
