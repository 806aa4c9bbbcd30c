//! Which page of a list is asked for: `limit`, and where it starts by `offset` or `cursor`.

use school::Limit;
use school::cursor::CursorKey;
use school::page::{MOST_OFFSET, Start};

use crate::error::{Error, Fault};
use crate::problem::Problem;

/// The rows of one page; more than 200 are refused, not cut.
pub(crate) fn limit(asked: Option<u64>) -> Result<Limit, Error> {
    let Some(rows) = asked else {
        return Ok(Limit::default());
    };
    Limit::new(rows)
        .ok_or_else(|| Error::parameter(Fault::new("limit", "range", "must be 1 to 200")))
}

/// Where the page starts.
pub(super) fn start(
    offset: Option<u64>,
    cursor: Option<&str>,
    list: &str,
    key: &CursorKey,
) -> Result<Start, Error> {
    match (offset, cursor) {
        (Some(_), Some(_)) => {
            let rule = "can't be given together with `offset`";
            Err(Error::parameter(Fault::new("cursor", "conflict", rule)))
        }
        (_, Some(cursor)) => after(cursor, list, key).map(Start::After),
        (Some(offset), None) if offset > MOST_OFFSET => {
            let rule = "must be 100000 at most: walk further with `cursor`, which costs the same at any depth";
            Err(Error::parameter(Fault::new("offset", "range", rule)))
        }
        (offset, None) => Ok(Start::Offset(offset.unwrap_or(0))),
    }
}

/// The id that a cursor of this list holds.
pub(crate) fn after(cursor: &str, list: &str, key: &CursorKey) -> Result<i64, Error> {
    key.open(list, cursor).ok_or_else(|| {
        let detail = "the cursor was changed, or belongs to another list or search";
        let fault = Fault::new("cursor", "cursor", detail);
        Error::new(&Problem::CURSOR, detail).with_faults(vec![fault])
    })
}
