//! What each failure of the school's operations is to an HTTP client.

use school::actor::Denied;
use school::audit::AuditError;
use school::messages::MessageError;
use school::password::Overloaded;
use school::people::PeopleError;
use school::sessions::SessionError;
use school::tokens::TokenError;
use school::{FieldError, FieldErrors, StoreError};

use super::{Error, Fault, SOON};
use crate::problem::Problem;

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::SignIn => Self::signed_out(),
            Denied::Role => Self::new(&Problem::FORBIDDEN, "your role does not allow this"),
            Denied::ReadOnly => Self::new(&Problem::FORBIDDEN, "this token is for reading only"),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found("there is no such thing, or not any more"),
            StoreError::Stale => stale(),
            StoreError::Taken(field) => FieldErrors::from(FieldError::new(field, "taken")).into(),
            StoreError::LastAdmin => Self::new(
                &Problem::LAST_ADMIN,
                "the last administrator can't be removed, disabled or made something else",
            ),
            StoreError::KeyReused => Self::new(
                &Problem::KEY_REUSED,
                "this `Idempotency-Key` was used for another request",
            ),
            StoreError::TooSlow => Self::new(
                &Problem::SEARCH_TOO_SLOW,
                "the search took too long: search for a longer text",
            )
            .with_retry_after(SOON),
            StoreError::Full(cause) => {
                Self::new(&Problem::DISK_FULL, "the disk is full: nothing was kept")
                    .with_cause(cause)
            }
            StoreError::Unavailable(cause) => Self::away().with_cause(cause),
            StoreError::Corrupt(cause) => Self::internal(cause),
        }
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        let is_taken = errors.0.iter().all(|error| error.code == "taken");
        let problem = if is_taken {
            &Problem::TAKEN
        } else {
            &Problem::VALIDATION
        };
        let faults = errors.0.iter().map(Fault::from).collect();
        Self::new(problem, errors.to_string()).with_faults(faults)
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        FieldErrors::from(error).into()
    }
}

impl From<&FieldError> for Fault {
    fn from(error: &FieldError) -> Self {
        Self::new(error.field, error.code, error.text())
    }
}

impl From<Overloaded> for Error {
    fn from(overloaded: Overloaded) -> Self {
        Self::new(&Problem::UNAVAILABLE, overloaded.to_string()).with_retry_after(SOON)
    }
}

impl From<PeopleError> for Error {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Denied(denied) => denied.into(),
            PeopleError::Invalid(errors) => errors.into(),
            PeopleError::NotFound => Self::not_found("there is no such user"),
            PeopleError::Stale => stale(),
            PeopleError::Overloaded(overloaded) => overloaded.into(),
            PeopleError::Store(error) => error.into(),
        }
    }
}

impl From<MessageError> for Error {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Denied(denied) => denied.into(),
            MessageError::NotFound => Self::not_found("there is no such message"),
            MessageError::Store(error) => error.into(),
        }
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Denied(denied) => denied.into(),
            TokenError::Invalid(errors) => errors.into(),
            TokenError::NotFound => Self::not_found("there is no such token"),
            TokenError::Store(error) => error.into(),
        }
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Wrong => Self::wrong_password(),
            SessionError::Denied(denied) => denied.into(),
            SessionError::Invalid(error) => error.into(),
            SessionError::NotFound => Self::not_found("there is no such session"),
            SessionError::Overloaded(overloaded) => overloaded.into(),
            SessionError::Store(error) => error.into(),
        }
    }
}

impl From<AuditError> for Error {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Denied(denied) => denied.into(),
            AuditError::Store(error) => error.into(),
        }
    }
}

fn stale() -> Error {
    Error::new(
        &Problem::CHANGED,
        "it was changed by somebody else: read it again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: StoreError, status: u16, code: &str, retry_after: Option<u64>) {
        let said = error.to_string();
        let error = Error::from(error);
        let report = error.report();
        let found = (
            report.problem.status.as_u16(),
            report.problem.code,
            report.retry_after(),
        );
        assert_eq!(found, (status, code, retry_after), "{said}");
        assert!(!report.detail.contains("secret"), "{said}");
    }

    #[test]
    fn each_failure_of_a_store_has_its_status_and_keeps_its_cause() {
        check(StoreError::NotFound, 404, "not_found", None);
        check(StoreError::Stale, 412, "changed", None);
        check(StoreError::Taken("email"), 409, "taken", None);
        check(StoreError::LastAdmin, 409, "last_admin", None);
        check(StoreError::KeyReused, 422, "key_reused", None);
        check(StoreError::TooSlow, 503, "search_too_slow", Some(2));
        check(StoreError::Full("secret".into()), 507, "disk_full", None);
        check(
            StoreError::Unavailable("secret".into()),
            503,
            "unavailable",
            Some(2),
        );
        check(StoreError::Corrupt("secret".into()), 500, "internal", None);
    }
}
