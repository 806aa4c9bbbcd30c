//! Every kind of error the API answers with: the one table behind `type`, `title`, `status` and the pages that explain them.

use http::StatusCode;

use crate::prose::Prose;

/// One kind of error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Its word: `code` in answers, and the last part of `type`.
    pub(crate) code: &'static str,
    /// The status it is sent with.
    pub(crate) status: StatusCode,
    /// What it is, in a few words.
    pub(crate) title: &'static str,
    /// When it happens.
    pub(crate) meaning: &'static str,
    /// What the caller can do.
    pub(crate) mend: &'static str,
}

macro_rules! problems {
    ($($name:ident $code:literal $status:ident $title:literal $meaning:literal $mend:literal;)+) => {
        impl Problem {
            $(pub(crate) const $name: Self = Self {
                code: $code,
                status: StatusCode::$status,
                title: $title,
                meaning: $meaning,
                mend: $mend,
            };)+

            /// Every kind, by status.
            pub(crate) const ALL: &[&Self] = &[$(&Self::$name),+];
        }
    };
}

problems! {
    MALFORMED "malformed" BAD_REQUEST
        "The request can't be read"
        "The body is empty or is no JSON, a header has a form that it may not have, or the connection broke."
        "Correct what `detail` names. JSON must be one object in UTF-8, nested no deeper than 128 levels.";
    PARAMETER "parameter" BAD_REQUEST
        "A parameter is wrong"
        "A part of the path or of the query is unknown, given twice, or not of its type or range."
        "Correct what `errors` names. Unknown parameters are refused, so that a misspelt one is not silently ignored.";
    CURSOR "cursor" BAD_REQUEST
        "The cursor is not for this list"
        "The cursor was changed, or comes from another list or another search."
        "Start the walk again without a cursor; send the same `q` with each page.";
    UNAUTHORIZED "unauthorized" UNAUTHORIZED
        "Sign in first"
        "The request carries neither an API token nor a session, or its token is unknown, expired, revoked, or of a disabled person."
        "Send `Authorization: Bearer TOKEN` with a token from `/account` or from `pendopo token new`.";
    FORBIDDEN "forbidden" FORBIDDEN
        "This is not allowed"
        "The caller is known, but the role (`member`, `staff`, `admin`) does not allow this, or the token is for reading only."
        "Ask somebody with the role, or make a token with the scope `write`.";
    PASSWORD_CHANGE "password_change" FORBIDDEN
        "Change the password first"
        "The session belongs to somebody who was given a one-time password, which must be changed before anything else."
        "Change it at `/account`.";
    CROSS_ORIGIN "cross_origin" FORBIDDEN
        "Another site sent this request"
        "A browser sent it on behalf of a page of another origin (`Sec-Fetch-Site`, `Origin`), or under a name that is not this server's."
        "Open the page here and send it again. Programs need an API token and send no `Origin`.";
    INSECURE "insecure" FORBIDDEN
        "The connection is not secure"
        "Signing in over plain HTTP from another machine would show the password and the session to everybody on the way."
        "Use the HTTPS address of this server.";
    NOT_FOUND "not_found" NOT_FOUND
        "There is no such thing"
        "Nothing has this address, or what had it is gone."
        "Check the address; `/docs` lists those of the API.";
    METHOD_NOT_ALLOWED "method_not_allowed" METHOD_NOT_ALLOWED
        "The method is not allowed here"
        "The address exists, but not for this method."
        "Use one of the methods that the header `Allow` lists.";
    TAKEN "taken" CONFLICT
        "The value is already in use"
        "Somebody else has this e-mail address or username; case does not matter."
        "Choose another one, or find its owner with `GET /users?q=`.";
    LAST_ADMIN "last_admin" CONFLICT
        "The last administrator must stay"
        "After this change nobody could administer the school any more."
        "Make somebody else an administrator first.";
    CHANGED "changed" PRECONDITION_FAILED
        "It was changed by somebody else"
        "The entity tag in `If-Match` is not the present one."
        "Read the resource again, apply the change to what it is now, and send its new `ETag`.";
    TOO_LARGE "too_large" PAYLOAD_TOO_LARGE
        "The body is too large"
        "The body has more bytes than this address takes: 64 KiB on the API."
        "Send less.";
    MEDIA_TYPE "media_type" UNSUPPORTED_MEDIA_TYPE
        "The body has the wrong type"
        "The body's `Content-Type` is missing or is not one that this address takes."
        "Send JSON with `Content-Type: application/json`.";
    RANGE "range" RANGE_NOT_SATISFIABLE
        "The range lies beyond the end"
        "The header `Range` asks for bytes of a file that is shorter than that."
        "Ask for bytes within the length that `Content-Range` gives.";
    VALIDATION "validation" UNPROCESSABLE_ENTITY
        "Some fields are wrong"
        "The request could be read, but a field is missing, unknown, of the wrong type, or breaks a rule."
        "Correct each field that `errors` names.";
    KEY_REUSED "key_reused" UNPROCESSABLE_ENTITY
        "The idempotency key belongs to another request"
        "Within the last 24 hours the same caller used the same `Idempotency-Key` for something else."
        "Choose a new key, such as a random UUID, for each new request.";
    TOO_MANY "too_many" TOO_MANY_REQUESTS
        "Too many requests"
        "This was tried too often in a short time, by one address, for one account, or in all."
        "Wait as many seconds as `Retry-After` says.";
    INTERNAL "internal" INTERNAL_SERVER_ERROR
        "Something went wrong here"
        "The server failed; nothing of the request was done."
        "Tell the operator the `request_id`: the log names the cause.";
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE
        "The server can't answer now"
        "A store is away, or more is being asked than can be done soon."
        "Try again after as many seconds as `Retry-After` says.";
    SEARCH_TOO_SLOW "search_too_slow" SERVICE_UNAVAILABLE
        "The search took too long"
        "So many rows had to be looked at that the search was ended."
        "Search for a longer text, or walk the list without `q`.";
    DISK_FULL "disk_full" INSUFFICIENT_STORAGE
        "The disk is full"
        "There is no room for what was sent; nothing of it was kept."
        "The operator must make room. Reading still works.";
}

impl Problem {
    /// When it happens, and what can be done, for the page that explains it.
    pub(crate) fn prose(&self) -> [Prose<'static>; 2] {
        [Prose(self.meaning), Prose(self.mend)]
    }

    /// The kind with this word.
    pub(crate) fn find(code: &str) -> Option<&'static Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|problem| problem.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_once_and_the_table_is_ordered_by_status() {
        for (index, problem) in Problem::ALL.iter().enumerate() {
            let found = Problem::find(problem.code).unwrap();
            assert_eq!(found, *problem);
            let before = &Problem::ALL[..index];
            assert!(
                before.iter().all(|other| other.status <= problem.status),
                "{}",
                problem.code
            );
        }
    }
}
