//! Every chore of the project as `cargo xtask …`.

mod bench;
mod ci;
mod dependencies;
mod deploy_test;
mod deployment;
mod dev;
mod fuzz;
mod generate;
mod http;
mod program;
mod release;
mod room;
mod soak;
mod test;
mod tidy;
mod tools;
mod tree;
mod version;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Every check, as continuous integration runs it
    Ci,
    /// Install what the tests need, then run all of them
    Test(test::Options),
    /// Measure side by side with the stacks that Pendopo replaces
    Bench(bench::Options),
    /// Run the files of `deploy/` on a Docker Engine, and try what they promise
    DeployTest(deploy_test::Options),
    /// Run the server, and again at each change of the source
    Dev(dev::Options),
    /// Throw what nobody would write at what reads strangers' bytes
    Fuzz(fuzz::Options),
    /// Write the generated documents again
    Generate,
    /// Count the development version up, or make a release of it
    Version(version::Options),
    /// Build the archive of a release, with its bill of materials and checksums
    Release,
    /// Use the release binary for a long time in a short one, and see that nothing piles up
    Soak(soak::Options),
    /// Hold the floors, the budgets and the documents
    Tidy,
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore, tree::root()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            program::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore, root: &Path) -> Result<()> {
    match chore {
        Chore::Ci => ci::run(root),
        Chore::Test(options) => test::run(root, &options),
        Chore::Bench(options) => bench::run(root, &options),
        Chore::DeployTest(options) => deploy_test::run(root, &options),
        Chore::Dev(options) => dev::run(root, &options),
        Chore::Fuzz(options) => fuzz::run_targets(root, &options),
        Chore::Generate => generate::run(root),
        Chore::Version(options) => version::run(root, &options),
        Chore::Release => release::run(root),
        Chore::Soak(options) => soak::run(root, &options),
        Chore::Tidy => tidy::run(root),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
