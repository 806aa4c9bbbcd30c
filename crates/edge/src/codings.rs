//! The content codings that a client takes (RFC 9110 §12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// A content coding that the edge can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

impl Coding {
    /// All of them, the one that makes texts smallest first.
    pub(crate) const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in `Content-Encoding`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// How the names of files end that hold it.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }
}

/// How much a client likes each coding, in thousandths; 0 for those it does not take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Codings {
    qualities: [u16; 3],
}

impl Codings {
    /// What the client says; nothing where it says nothing, although it might then take anything: whoever can
    /// undo a coding says so.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut stated: [Option<u16>; 3] = [None; 3];
        let (mut others, mut identity) = (0, None);
        let lines = headers.get_all(ACCEPT_ENCODING).iter();
        for item in lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b',')) {
            let mut parts = item.split(|&byte| byte == b';');
            let name = parts.next().unwrap_or_default().trim_ascii();
            let quality = quality(parts);
            let place = match name {
                b"*" => {
                    others = quality;
                    continue;
                }
                _ if name.eq_ignore_ascii_case(b"identity") => {
                    identity = Some(quality);
                    continue;
                }
                _ if name.eq_ignore_ascii_case(b"br") => 0,
                _ if name.eq_ignore_ascii_case(b"zstd") => 1,
                _ if name.eq_ignore_ascii_case(b"gzip") => 2,
                _ if name.eq_ignore_ascii_case(b"x-gzip") => 2,
                _ => continue,
            };
            stated[place] = Some(quality);
        }
        // Whoever likes the plain form better than a coding gets the plain form.
        let least = identity.unwrap_or(0);
        let qualities = stated.map(|quality| {
            let quality = quality.unwrap_or(others);
            if quality < least { 0 } else { quality }
        });
        Self { qualities }
    }

    /// The codings that the client takes: those it likes best first, of those it likes alike the one that comes
    /// first in `order`.
    pub(crate) fn in_order(self, order: [Coding; 3]) -> impl Iterator<Item = Coding> {
        let quality = move |coding: &Coding| self.qualities[*coding as usize];
        let mut codings = order;
        codings.sort_by_key(|coding| std::cmp::Reverse(quality(coding)));
        codings
            .into_iter()
            .take_while(move |coding| quality(coding) > 0)
    }
}

/// The `q` among an item's parameters in thousandths; 1,000 where there is none, 0 where it can't be read.
fn quality<'a>(parameters: impl Iterator<Item = &'a [u8]>) -> u16 {
    for parameter in parameters {
        let parameter = parameter.trim_ascii();
        if let [b'q' | b'Q', b'=', value @ ..] = parameter {
            return thousandths(value).unwrap_or(0);
        }
    }
    1000
}

/// `0`, `0.5`, `1.000`: at most three digits after the point.
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, rest) = value.split_first()?;
    let digits = match rest {
        [] => rest,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let mut number = match whole {
        b'0' => 0,
        b'1' => 1,
        _ => return None,
    };
    for place in 0..3 {
        let digit = digits.get(place).copied().unwrap_or(b'0');
        number = number * 10 + u16::from(digit.checked_sub(b'0').filter(|&digit| digit < 10)?);
    }
    (number <= 1000).then_some(number)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(stated: &'static str, expected: &[Coding]) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(stated));
        let codings: Vec<_> = Codings::read(&headers).in_order(Coding::ALL).collect();
        assert_eq!(codings, expected, "{stated}");
    }

    #[test]
    fn the_coding_that_is_liked_best_comes_first() {
        use Coding::{Brotli, Gzip, Zstd};
        check("gzip, deflate, br, zstd", &[Brotli, Zstd, Gzip]);
        check("gzip", &[Gzip]);
        check("GZIP;Q=0.5,br;q=0.25", &[Gzip, Brotli]);
        check("br;q=0, gzip", &[Gzip]);
        check("br;q=0, *", &[Zstd, Gzip]);
        check("*;q=0.1, zstd;q=0.2", &[Zstd, Brotli, Gzip]);
        check("identity;q=0.5, gzip;q=0.4, br;q=0.6", &[Brotli]);
        check("identity;q=0, gzip;q=0.001", &[Gzip]);
        check("identity;q=0", &[]);
        check("x-gzip;q=1.000", &[Gzip]);
        check("deflate, compress", &[]);
        check("", &[]);
        check("gzip;q=2, br;q=1.001, zstd;q=.5", &[]);
        check("gzip;q=0.1234", &[]);
    }

    #[test]
    fn silence_takes_nothing() {
        assert_eq!(Codings::read(&HeaderMap::new()), Codings::default());
    }
}
