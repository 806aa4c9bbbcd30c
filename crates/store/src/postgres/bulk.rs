//! Several rows in one insert. For each statement the server reads the checks of a table anew, and that takes longer than
//! the row: six times as long for a person.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::iter;

use crate::value::Value;

/// Up to here there is a text for every number of rows, above for these: few statements are sent, and few texts prepared.
const EVERY: usize = 16;
const LARGE: [usize; 8] = [256, 192, 128, 96, 64, 48, 32, 24];

/// An insert as it is sent: its text, how many rows it has, and their values.
pub(super) type Insert = (Cow<'static, str>, usize, Vec<Value>);

/// As few statements as there can be, with the rows in their order.
pub(super) fn inserts(
    sql: &'static str,
    rows: impl ExactSizeIterator<Item = Vec<Value>>,
) -> impl Iterator<Item = Insert> {
    let sizes = sizes(rows.len());
    let mut rows = rows;
    sizes.map(move |size| {
        let values = rows.by_ref().take(size).flatten().collect();
        (text(sql, size), size, values)
    })
}

/// The texts for so many rows.
pub(super) fn texts(sql: &'static str, rows: usize) -> impl Iterator<Item = Cow<'static, str>> {
    sizes(rows).map(move |size| text(sql, size))
}

/// How many rows each statement has, the largest first.
fn sizes(rows: usize) -> impl Iterator<Item = usize> {
    let mut left = rows;
    iter::from_fn(move || {
        let large = LARGE.into_iter().find(|size| *size <= left);
        let size = large.unwrap_or(left.min(EVERY));
        left -= size;
        (size > 0).then_some(size)
    })
}

/// The insert of one row, with so many lists of values.
fn text(sql: &'static str, rows: usize) -> Cow<'static, str> {
    let Some((before, list, after)) = parts(sql).filter(|_| rows > 1) else {
        return Cow::Borrowed(sql);
    };
    let width = list.matches('$').count();
    let mut text = String::with_capacity(sql.len() + rows * (list.len() + 3 * width));
    text.push_str(before);
    for row in 0..rows {
        text.push_str(if row == 0 { "" } else { ", " });
        number(&mut text, list, row * width);
    }
    text.push_str(after);
    Cow::Owned(text)
}

/// What stands before the list of values, the list, and what stands behind.
fn parts(sql: &str) -> Option<(&str, &str, &str)> {
    let begin = sql.find("VALUES (")? + "VALUES ".len();
    let mut depth = 0;
    let end = sql[begin..].find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    })?;
    let (list, after) = sql[begin..].split_at(end + 1);
    Some((&sql[..begin], list, after))
}

/// The list, its parameters numbered after these.
fn number(text: &mut String, list: &str, after: usize) {
    let mut parts = list.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (place, rest) = part.split_at(digits);
        let place = place.parse::<usize>().unwrap_or_default() + after;
        // Writing to a text never fails.
        let _ = write!(text, "${place}{rest}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_list_of_its_own() {
        let sql = "INSERT INTO message (message, person_id) VALUES ($1, (SELECT id FROM person WHERE id = $2)) RETURNING id";
        let two = "INSERT INTO message (message, person_id) VALUES ($1, (SELECT id FROM person WHERE id = $2)), \
            ($3, (SELECT id FROM person WHERE id = $4)) RETURNING id";
        assert_eq!(text(sql, 1), sql);
        assert_eq!(text(sql, 2), two);
        assert!(
            text(sql, 8).contains("($15, (SELECT id FROM person WHERE id = $16)) RETURNING id")
        );
    }

    #[test]
    fn rows_go_out_in_few_statements_of_few_sizes() {
        let check = |rows, expected: &[usize]| {
            assert_eq!(sizes(rows).collect::<Vec<_>>(), expected, "{rows}");
        };
        check(0, &[]);
        check(1, &[1]);
        check(15, &[15]);
        check(23, &[16, 7]);
        check(37, &[32, 5]);
        check(600, &[256, 256, 64, 24]);
    }

    #[test]
    fn the_values_keep_their_order() {
        let sql = "INSERT INTO setting (value) VALUES ($1)";
        let rows: Vec<_> = (0..17).map(|number| vec![Value::Int(number)]).collect();
        let inserts: Vec<Insert> = inserts(sql, rows.into_iter()).collect();
        let [(many, 16, first), (one, 1, second)] = &inserts[..] else {
            panic!("{inserts:?}")
        };
        assert!(many.starts_with("INSERT INTO setting (value) VALUES ($1), ($2), "));
        assert_eq!((one.as_ref(), first.len()), (sql, 16));
        assert_eq!(second, &[Value::Int(16)]);
    }
}
