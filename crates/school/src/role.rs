//! What a person is to the school, and so what they may do.

use serde::{Deserialize, Serialize};

use crate::field::FieldError;

/// What a person is to the school; each may do what the next one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A pupil or a parent: sees what concerns them.
    Member,
    /// A teacher or an office worker: sees everybody, keeps the members' records.
    Staff,
    /// Runs the school's server: everything.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Member, Self::Staff, Self::Admin];

    /// The word used everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(FieldError::new("role", "role"))
    }
}
