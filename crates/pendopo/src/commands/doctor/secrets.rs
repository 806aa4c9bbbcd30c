//! The files that hold secrets: whether they are there, and for nobody else.

use std::fs;

use lifecycle::password::is_open_to_all;

use super::report::Report;
use crate::config::Loaded;
use crate::secret_files;

const NAME: &str = "secrets";

pub(super) fn examine(loaded: &Loaded, report: &mut Report) {
    let files = secret_files::of(loaded);
    let mut good = 0;
    for (file, key) in &files {
        let name = file.display();
        if let Err(error) = fs::File::open(file) {
            report.fail(
                NAME,
                format!("can't read {name}, which `{key}` leads to: {error}"),
            );
        } else if is_open_to_all(file) {
            report.fail(
                NAME,
                format!("everybody on this machine may read {name}, which `{key}` leads to: `chmod o-r {name}`"),
            );
        } else {
            good += 1;
        }
    }
    if good > 0 {
        report.good(
            NAME,
            format!("{good} of {} files are not for everybody", files.len()),
        );
    }
}
