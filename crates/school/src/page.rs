//! How much of a list is asked for, and from where.

/// How many rows: 1 to 200. More is refused, not cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The most rows of one page.
    pub const MOST: u16 = 200;

    /// `None` unless 1 to 200.
    pub fn new(rows: u64) -> Option<Self> {
        u16::try_from(rows)
            .ok()
            .filter(|rows| (1..=Self::MOST).contains(rows))
            .map(Self)
    }

    /// The largest page.
    pub fn most() -> Self {
        Self(Self::MOST)
    }

    /// The number of rows.
    pub fn rows(self) -> usize {
        usize::from(self.0)
    }

    /// One more than the page holds: whoever asks for so many sees whether there are more.
    pub fn one_more(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    /// Ten, as in the users API.
    fn default() -> Self {
        Self(10)
    }
}

/// Where a page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After so many rows.
    Offset(u64),
    /// After the row with this id, in the list's order: a walk meets each row exactly once, whatever is added or removed.
    After(i64),
}

/// The deepest offset: beyond it each row skipped costs the server, and a cursor doesn't.
pub const MOST_OFFSET: u64 = 100_000;

/// One page of a list, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows; at most the limit.
    pub rows: Vec<T>,
    /// Whether there are rows after these.
    pub has_more: bool,
    /// How many rows there are in all, where that is known without counting them.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// The page of rows of which [`one_more`](Limit::one_more) was asked for.
    pub fn cut(mut rows: Vec<T>, limit: Limit) -> Self {
        let has_more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        Self {
            rows,
            has_more,
            total: None,
        }
    }
}
