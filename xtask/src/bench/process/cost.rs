//! Processor time and memory of a family of processes, from /proc.

use std::path::Path;

/// The unit of times in /proc: `USER_HZ`, which is 100 in the interface of every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The given processes with all their living descendants.
pub(crate) fn family(roots: &[u32]) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = all()
        .filter_map(|id| Some((id, number(&fields(id)?, 3)?)))
        .collect();
    let mut family = roots.to_vec();
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        family.extend(
            parents
                .iter()
                .filter(|row| row.1 == parent)
                .map(|row| row.0),
        );
        at += 1;
    }
    family
}

/// Processor seconds that the family used since it began, its ended children included.
pub(crate) fn cpu_seconds(roots: &[u32]) -> f64 {
    let ticks = |id: u32| -> f64 {
        let Some(fields) = fields(id) else { return 0.0 };
        (13..17)
            .filter_map(|at| number(&fields, at))
            .map(f64::from)
            .sum()
    };
    family(roots).into_iter().map(ticks).sum::<f64>() / TICKS_PER_SECOND
}

/// Resident memory of the family; what processes share is counted once, in shares.
pub(crate) fn memory_bytes(roots: &[u32]) -> u64 {
    family(roots)
        .into_iter()
        .filter_map(proportional_kilobytes)
        .sum::<u64>()
        * 1024
}

fn proportional_kilobytes(id: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().split(' ').next()?.parse().ok()
}

/// Whether the process exists and is no zombie.
pub(crate) fn runs(id: u32) -> bool {
    fields(id).is_some_and(|fields| fields[2] != "Z")
}

fn all() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir(Path::new("/proc"))
        .into_iter()
        .flatten()
        .flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The fields of /proc/ID/stat by their place in its manual page, less one.
fn fields(id: u32) -> Option<Vec<String>> {
    parse(&std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The second field is the program's name in brackets and may hold blanks and brackets itself.
fn parse(text: &str) -> Option<Vec<String>> {
    let (id, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let words = rest.split_whitespace();
    Some(
        [id, name]
            .into_iter()
            .chain(words)
            .map(str::to_owned)
            .collect(),
    )
}

fn number(fields: &[String], at: usize) -> Option<u32> {
    fields.get(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_moves_no_field() {
        let fields =
            parse("42 (a) b) S 7 1 1 0 -1 0 0 0 0 0 11 12 13 14 20").expect("it is a stat line");
        assert_eq!((fields[1].as_str(), number(&fields, 3)), ("a) b", Some(7)));
        assert_eq!(
            (13..17).filter_map(|at| number(&fields, at)).sum::<u32>(),
            11 + 12 + 13 + 14
        );
    }

    #[test]
    fn this_process_has_a_cost() {
        let ids = [std::process::id()];
        assert!(memory_bytes(&ids) > 100_000);
        assert!(cpu_seconds(&ids) >= 0.0);
    }
}
