//! `pendopo check`: every key with its value and where it comes from.

use std::process::ExitCode;

use crate::config::Loaded;
use crate::console::say;

/// Prints the configuration, which was found good when it was loaded.
pub(super) fn run(loaded: &Loaded) -> ExitCode {
    say(match &loaded.file {
        Some(file) => format!("# {} is good", file.display()),
        None => "# no configuration file; everything is good".to_owned(),
    });
    let rows = loaded.rows();
    let width = rows
        .iter()
        .map(|row| row.key.len() + 3 + row.value.len())
        .filter(|width| *width <= WIDEST)
        .max();
    for row in rows {
        let setting = if row.value.is_empty() {
            format!("# {} is not set", row.key)
        } else {
            format!("{} = {}", row.key, row.value)
        };
        say(format!(
            "{setting:<width$}  # {}",
            row.origin,
            width = width.unwrap_or(0)
        ));
    }
    ExitCode::SUCCESS
}

/// Longer settings do not push the origins of all the others to the right.
const WIDEST: usize = 60;
