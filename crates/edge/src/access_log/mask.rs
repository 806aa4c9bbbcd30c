//! Hiding the secrets that some links carry in their query.

use std::borrow::Cow;

/// A parameter whose name holds one of these words, in any case, keeps its name and loses its value.
const WORDS: [&str; 11] = [
    "token",
    "password",
    "passwd",
    "secret",
    "key",
    "code",
    "signature",
    "session",
    "auth",
    "otp",
    "credential",
];

const MASK: &str = "***";

/// The target with masked values; borrowed when there was nothing to hide.
pub(super) fn target(target: &str) -> Cow<'_, str> {
    let Some((path, query)) = target.split_once('?') else {
        return Cow::Borrowed(target);
    };
    if !query.split('&').any(is_secret) {
        return Cow::Borrowed(target);
    }
    let masked: Vec<_> = query.split('&').map(masked).collect();
    Cow::Owned(format!("{path}?{}", masked.join("&")))
}

fn masked(pair: &str) -> Cow<'_, str> {
    match pair.split_once('=') {
        Some((name, _)) if is_secret(pair) => Cow::Owned(format!("{name}={MASK}")),
        _ => Cow::Borrowed(pair),
    }
}

fn is_secret(pair: &str) -> bool {
    let Some((name, value)) = pair.split_once('=') else {
        return false;
    };
    !value.is_empty() && WORDS.iter().any(|word| contains(name, word))
}

fn contains(name: &str, word: &str) -> bool {
    name.as_bytes()
        .windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_parameters_are_hidden_and_all_else_stays() {
        for (plain, hidden) in [
            ("/reset?token=abc", "/reset?token=***"),
            ("/a?x=1&Reset_Token=abc&y=2", "/a?x=1&Reset_Token=***&y=2"),
            (
                "/a?X-Amz-Signature=f00&code=1&api_key=2",
                "/a?X-Amz-Signature=***&code=***&api_key=***",
            ),
            ("/a?newPassword=a=b", "/a?newPassword=***"),
        ] {
            assert_eq!(target(plain), hidden);
        }
        for plain in [
            "/",
            "/token",
            "/a?",
            "/a?limit=10&offset=0",
            "/a?token",
            "/a?token=",
            "/a?q=token",
        ] {
            assert!(
                matches!(target(plain), Cow::Borrowed(same) if same == plain),
                "{plain}"
            );
        }
    }
}
