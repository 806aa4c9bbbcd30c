//! The users that were held, in README.md, between two marks.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::Held;

const BEGIN: &str = "<!-- users, written by `cargo xtask bench` -->\n";
const END: &str = "<!-- end of users -->";

/// Writes what was held now, if anything was.
pub(crate) fn renew(path: &Path, held: &[Held]) -> Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let mut rows = "| machine | the seed says | users held | 99 of 100 page reads within |\n|---|---|---|---|\n".to_owned();
    for Held { size, found } in held {
        let within = found.held.as_ref().map_or("–".to_owned(), |(_, trial)| {
            format!("{:.0} ms", trial.counted.read.p99_ms())
        });
        let (name, told, users) = (size.name, size.told, found.users());
        writeln!(rows, "| {name} | {told} | {users} | {within} |")?;
    }
    let renewed = replaced(&text, &rows)?;
    std::fs::write(path, renewed).with_context(|| format!("writing {}", path.display()))
}

fn replaced(text: &str, rows: &str) -> Result<String> {
    let missing = || {
        format!(
            "README.md has no part between `{}` and `{END}`",
            BEGIN.trim_end()
        )
    };
    let (before, rest) = text.split_once(BEGIN).with_context(missing)?;
    let (_, after) = rest.split_once(END).with_context(missing)?;
    Ok(format!("{before}{BEGIN}\n{rows}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_written_anew() {
        let text = format!("before\n{BEGIN}\nold\n\n{END}\nafter\n");
        let once = replaced(&text, "new\n").unwrap();
        assert_eq!(once, format!("before\n{BEGIN}\nnew\n\n{END}\nafter\n"));
        assert_eq!(replaced(&once, "new\n").unwrap(), once);
    }

    #[test]
    fn a_readme_without_the_marks_is_an_error() {
        assert!(replaced("before\n", "new\n").is_err());
    }
}
