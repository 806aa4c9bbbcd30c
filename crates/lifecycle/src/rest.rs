//! A rest after an attempt that failed: until it is over nobody tries again, and all are told the same.

use std::time::{Duration, Instant};

use crate::Pauses;

/// None, or one that lasts; a success begins anew with the default.
#[derive(Debug, Default)]
pub struct Rest {
    pauses: Pauses,
    until: Option<(Instant, String)>,
}

impl Rest {
    /// An attempt failed: rests longer than after the one before, and tells why.
    pub fn lengthen(&mut self, told: String) {
        let pause = self.pauses.longer();
        self.begin(pause, told);
    }

    /// Rests for this long, whatever was before.
    pub fn begin(&mut self, pause: Duration, told: String) {
        self.until = Some((Instant::now() + pause, told));
    }

    /// Why nobody shall try yet, as long as the rest lasts.
    pub fn reason(&self) -> Option<&str> {
        let (until, told) = self.until.as_ref()?;
        (Instant::now() < *until).then_some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_tells_why_until_it_is_over() {
        let mut rest = Rest::default();
        assert_eq!(rest.reason(), None);
        rest.lengthen("refused".to_owned());
        assert_eq!(rest.reason(), Some("refused"));
        rest.begin(Duration::from_mins(1), "too busy".to_owned());
        assert_eq!(rest.reason(), Some("too busy"));
        rest.begin(Duration::ZERO, "over".to_owned());
        assert_eq!(rest.reason(), None);
    }
}
