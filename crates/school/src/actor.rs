//! Who acts, and with what rights.

use std::net::IpAddr;

use crate::people::PersonId;
use crate::role::Role;

/// Who it is that acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A person, signed in or by a token of theirs.
    Person(PersonId),
    /// Whoever comes, where the operator opened the API to all on loopback.
    Anyone,
    /// Somebody who has not signed in.
    Visitor,
    /// The operator at the command line of the server, or the server itself.
    Console,
}

/// Who acts, with what rights, from where. Made at the rim from a session, a token or the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// The rights; `None` for a visitor.
    pub role: Option<Role>,
    /// Whether changes are allowed: a token may be for reading only.
    pub may_write: bool,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// The request's name in logs.
    pub request_id: Option<String>,
}

/// The actor may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in: signing in may help.
    #[error("sign in first")]
    SignIn,
    /// The role does not allow it.
    #[error("your role does not allow this")]
    Role,
    /// The token is for reading only.
    #[error("this token is for reading only")]
    ReadOnly,
}

impl Actor {
    /// The operator at the server's own command line.
    pub fn console() -> Self {
        Self {
            who: Who::Console,
            role: Some(Role::Admin),
            may_write: true,
            address: None,
            request_id: None,
        }
    }

    /// Somebody who has not signed in.
    pub fn visitor(address: Option<IpAddr>, request_id: Option<String>) -> Self {
        Self {
            who: Who::Visitor,
            role: None,
            may_write: true,
            address,
            request_id,
        }
    }

    /// The person who acts, if it is one.
    pub fn person(&self) -> Option<PersonId> {
        match self.who {
            Who::Person(id) => Some(id),
            Who::Anyone | Who::Visitor | Who::Console => None,
        }
    }

    /// A name that is unique among callers, for keys and the audit trail: `person:3`, `anyone`, `visitor`, `console`.
    pub fn name(&self) -> String {
        match self.who {
            Who::Person(id) => format!("person:{id}"),
            Who::Anyone => "anyone".to_owned(),
            Who::Visitor => "visitor".to_owned(),
            Who::Console => "console".to_owned(),
        }
    }

    /// Allows those with `role` or a higher one to look.
    pub fn must_be(&self, role: Role) -> Result<(), Denied> {
        match self.role {
            None => Err(Denied::SignIn),
            Some(own) if own < role => Err(Denied::Role),
            Some(_) => Ok(()),
        }
    }

    /// Allows those with `role` or a higher one to change something.
    pub fn must_be_writing(&self, role: Role) -> Result<(), Denied> {
        self.must_be(role)?;
        if self.may_write {
            Ok(())
        } else {
            Err(Denied::ReadOnly)
        }
    }
}
