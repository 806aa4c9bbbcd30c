//! Which passwords are refused, and the making of one-time passwords.

use secrecy::{ExposeSecret, SecretString};

use crate::field::FieldError;
use crate::secret::random_bytes;

/// The fewest characters of a password.
pub const LEAST_CHARACTERS: usize = 12;
/// The most characters: more would only keep the hash threads busy.
pub const MOST_CHARACTERS: usize = 200;

/// Words that passwords are commonly made of, one a line; English and Indonesian.
const COMMON_WORDS: &str = include_str!("common_words.txt");

/// Refuses a password that is too short, too long, or made of what everybody uses: common words with digits and
/// symbols around them, one character or pattern repeated, a run over the keyboard, or the person's own names.
pub fn check(password: &SecretString, own_names: &[&str]) -> Result<(), FieldError> {
    let password = password.expose_secret();
    let fault = |code| Err(FieldError::new("password", code));
    match password.chars().count() {
        count if count < LEAST_CHARACTERS => fault("password_short"),
        count if count > MOST_CHARACTERS => fault("password_long"),
        _ if is_common(password, own_names) => fault("password_common"),
        _ => Ok(()),
    }
}

fn is_common(password: &str, own_names: &[&str]) -> bool {
    let plain = plain_letters(password);
    let lower = password.to_lowercase();
    is_repeated(&lower) || is_run(&lower) || is_made_of_words(&plain, own_names)
}

/// Letters only, with the usual disguises taken off (`p4$$w0rd` is `password`).
fn plain_letters(password: &str) -> String {
    let undisguise = |c: char| match c {
        '0' => Some('o'),
        '1' | '!' => Some('i'),
        '3' => Some('e'),
        '4' | '@' => Some('a'),
        '5' | '$' => Some('s'),
        '7' => Some('t'),
        c if c.is_alphabetic() => Some(c),
        _ => None,
    };
    let trimmed = password.trim_matches(|c: char| !c.is_alphabetic());
    trimmed
        .to_lowercase()
        .chars()
        .filter_map(undisguise)
        .collect()
}

/// One pattern of up to six characters over and over.
fn is_repeated(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (1..=6).any(|period| {
        characters
            .iter()
            .zip(characters.iter().skip(period))
            .all(|(a, b)| a == b)
    })
}

/// Characters that stand beside each other in the alphabet, among the digits or on the keyboard.
fn is_run(text: &str) -> bool {
    const ROWS: [&str; 2] = [
        "abcdefghijklmnopqrstuvwxyzabcdefghijkl",
        "12345678901234567890",
    ];
    const KEYBOARD: &str = "1234567890qwertyuiopasdfghjklzxcvbnm1234567890";
    let reversed: String = text.chars().rev().collect();
    ROWS.into_iter()
        .chain([KEYBOARD])
        .any(|row| row.contains(text) || row.contains(&reversed))
}

/// Nothing but common words and the person's own names, at most three of them.
fn is_made_of_words(plain: &str, own_names: &[&str]) -> bool {
    let names: Vec<String> = own_names
        .iter()
        .flat_map(|name| name.split([' ', '@', '.']))
        .map(str::to_lowercase)
        .collect();
    let words: Vec<&str> = COMMON_WORDS
        .lines()
        .chain(names.iter().map(String::as_str))
        .filter(|word| word.len() > 2)
        .collect();
    splits_into(plain, &words, 3)
}

fn splits_into(rest: &str, words: &[&str], most: usize) -> bool {
    rest.is_empty()
        || (most > 0
            && words.iter().any(|word| {
                rest.strip_prefix(word)
                    .is_some_and(|rest| splits_into(rest, words, most - 1))
            }))
}

/// Four groups of four from an alphabet without look-alikes: 80 random bits that can be read out over a telephone.
pub fn one_time_password() -> SecretString {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";
    let mut text = String::with_capacity(19);
    for (index, byte) in random_bytes::<16>().into_iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(password: &str, expected: Result<(), &'static str>) {
        let found = check(&password.into(), &["Ani Budi", "ani@sekolah.example"])
            .map_err(|error| error.code);
        assert_eq!(found, expected, "{password}");
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        check_one("kuda-laut-7", Err("password_short"));
        check_one(&"lari pagi ".repeat(21), Err("password_long"));
        for common in [
            "password1234",
            "P@ssw0rd!2026",
            "qwertyuiop12",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "123456789012",
            "210987654321",
            "sekolah123456",
            "indonesiaraya",
            "Ani-Budi-2026",
            "bismillah2026!",
        ] {
            check_one(common, Err("password_common"));
        }
    }

    #[test]
    fn phrases_and_random_passwords_are_accepted() {
        for good in [
            "kuda laut menari di awan",
            "correct horse battery",
            "x9!fQ2-vTz0#",
            "\u{1F4DA}\u{1F40E}\u{1F30A}\u{2601}abcdefgz",
        ] {
            check_one(good, Ok(()));
        }
    }

    #[test]
    fn one_time_passwords_differ_and_pass_the_rules() {
        let (one, other) = (one_time_password(), one_time_password());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(check(&one, &[]), Ok(()));
        assert_eq!(one.expose_secret().len(), 19);
    }
}
