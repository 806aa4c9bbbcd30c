//! The names people sign in with: an e-mail address, or a username, which has no `@`; so the two never collide.

use crate::field::FieldError;

/// An e-mail address as people write one: one `@`, a dotted name behind it, no spaces; at most 254 bytes (RFC 5321 §4.5.3).
pub fn parse_email(raw: &str) -> Result<String, FieldError> {
    let trimmed = raw.trim();
    let fault = FieldError::new("email", "email");
    let (local, domain) = trimmed.rsplit_once('@').ok_or(fault.clone())?;
    let is_plain = trimmed.len() <= 254
        && !trimmed
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>(),;:\"\\[]".contains(c));
    let has_local =
        (1..=64).contains(&local.len()) && !local.contains('@') && dots_are_inside(local);
    if is_plain && has_local && is_domain(domain) {
        Ok(trimmed.to_owned())
    } else {
        Err(fault)
    }
}

fn dots_are_inside(text: &str) -> bool {
    !text.starts_with('.') && !text.ends_with('.') && !text.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

/// A username: 3 to 64 of letters, digits, `.`, `_` and `-`, such as a pupil's number.
pub fn parse_username(raw: &str) -> Result<String, FieldError> {
    let trimmed = raw.trim();
    let is_plain = trimmed
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_plain && (3..=64).contains(&trimmed.len()) {
        Ok(trimmed.to_owned())
    } else {
        Err(FieldError::new("username", "username"))
    }
}

/// The form under which a name is unique: without regard to case.
pub fn login_key(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_but_not_changed() {
        for email in [
            "ani@sekolah.example",
            "Ani.B+x@sub.sekolah.example",
            "péter@iskola.example",
            "a@b.co",
        ] {
            assert_eq!(parse_email(email).as_deref(), Ok(email));
        }
        for email in [
            "",
            "ani",
            "@b.co",
            "a@",
            "a@b",
            "a@b..c",
            "a b@c.de",
            "a@b@c.de",
            "a@-b.co",
            ".a@b.co",
            "a@b.c\u{0}o",
            "<a@b.co>",
        ] {
            assert!(parse_email(email).is_err(), "{email:?}");
        }
        assert!(parse_email(&format!("{}@b.co", "a".repeat(65))).is_err());
    }

    #[test]
    fn usernames_never_look_like_addresses() {
        for name in ["admin", "0051234567", "ani.b_c-d"] {
            assert_eq!(parse_username(name).as_deref(), Ok(name));
        }
        for name in ["", "ab", "a@b.co", "ani b", "áni", &"a".repeat(65)] {
            assert!(parse_username(name).is_err(), "{name:?}");
        }
    }
}
