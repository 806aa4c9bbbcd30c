//! What is measured: the loads, and the other parts that a caller may pick.

use clap::ValueEnum;

/// A part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// One user over HTTPS
    Get,
    /// The page of 50 messages over HTTPS
    Page,
    /// Create a user over HTTPS
    Create,
    /// One record over plain HTTP
    PlainGet,
    /// 20 records over plain HTTP
    PlainList,
    /// 20 records with the total over plain HTTP
    PlainListTotal,
    /// Create a record over plain HTTP
    PlainCreate,
}

/// The parts that wrk loads, in the order of the report; what grows the tables comes last.
pub(crate) const LOADS: &[Part] = &[
    Part::Get,
    Part::Page,
    Part::PlainGet,
    Part::PlainList,
    Part::PlainListTotal,
    Part::Create,
    Part::PlainCreate,
];

impl Part {
    /// The heading in the report.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Get => "`GET /user/{id}` over HTTPS",
            Self::Page => "message page of 50 messages over HTTPS",
            Self::Create => "`POST /user` over HTTPS",
            Self::PlainGet => "get one, plain HTTP",
            Self::PlainList => "list 20, plain HTTP",
            Self::PlainListTotal => "list 20 with the total, plain HTTP",
            Self::PlainCreate => "create, plain HTTP",
        }
    }
}
